-- For a database in LATIN1 with locale C: characters that take one byte here and two in UTF8, also in names and definitions.
CREATE SCHEMA "Größen";
CREATE TYPE "Größen"."Maß" AS ENUM ('klein', 'groß', 'größer');
CREATE TABLE "Größen"."Übersicht" ("Schlüssel" serial PRIMARY KEY, "Größe" "Größen"."Maß" DEFAULT 'groß', "Bemerkung" text CHECK ("Bemerkung" <> 'unmöglich'), j jsonb, roh bytea);
INSERT INTO "Größen"."Übersicht" ("Größe", "Bemerkung", j, roh)
SELECT (enum_range(NULL::"Größen"."Maß"))[1 + n % 3], 'Ærøskøbing ' || n || ' £ ¥ ÿ', jsonb_build_object('ä', 'é' || n), convert_to('ß' || n, 'LATIN1') FROM generate_series(1, 100) AS n;
INSERT INTO "Größen"."Übersicht" ("Bemerkung") SELECT chr(n) FROM generate_series(160, 255) AS n;
CREATE INDEX "nach Größe" ON "Größen"."Übersicht" (lower("Bemerkung"), "Größe");
CREATE VIEW "Größen".ansicht AS SELECT "Größe" AS "größe", 'für ' || "Bemerkung" AS t FROM "Größen"."Übersicht";
CREATE FUNCTION "Größen".grüße(text DEFAULT 'Jürgen') RETURNS text LANGUAGE sql AS $$ SELECT 'Grüße, ' || $1 $$;
COMMENT ON TABLE "Größen"."Übersicht" IS 'für die Größen';
SELECT lo_from_bytea(0, '\xe4f6fc');
