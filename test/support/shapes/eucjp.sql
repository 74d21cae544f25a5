-- For a database in EUC_JP.
CREATE SCHEMA "日本";
CREATE TABLE "日本"."雪だるま" ("鍵" serial PRIMARY KEY, "名前" text DEFAULT '無名', CHECK ("名前" <> '禁止'));
INSERT INTO "日本"."雪だるま" ("名前") SELECT '雪 ｱｲｳ ゆき ' || n FROM generate_series(1, 50) AS n;
CREATE VIEW "日本"."見る" AS SELECT "名前" || '様' AS "敬称" FROM "日本"."雪だるま";
COMMENT ON TABLE "日本"."雪だるま" IS '冬';
