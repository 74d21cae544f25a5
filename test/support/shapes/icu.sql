-- For a database whose default collation is ICU's.
CREATE SCHEMA texts;
CREATE COLLATION texts.any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE COLLATION texts.no_accents (provider = icu, locale = 'und-u-ks-level1', deterministic = false);
CREATE COLLATION texts.numbers (provider = icu, locale = 'de-u-kn-true');
COMMENT ON COLLATION texts.any_case IS 'A is a';
CREATE TABLE texts.words (id integer GENERATED ALWAYS AS IDENTITY, word text, folded text COLLATE texts.any_case UNIQUE, plain text COLLATE texts.no_accents, sorted text COLLATE texts.numbers, c text COLLATE "C");
INSERT INTO texts.words (word, folded, plain, sorted, c)
SELECT w, w || n, w, w || n, w FROM generate_series(1, 40) AS n, unnest(ARRAY['ähre', 'Ahre', 'zebra', 'Straße', 'STRASSE', 'i', 'I', 'ı', 'İ', E'e\u0301', E'\u00e9', '☃', '👩‍👩‍👧‍👦', '', ' ', 'ﬁ']) WITH ORDINALITY AS t (w, at)
WHERE (at + n) % 40 = 0 OR (at < 4 AND n = 1 AND w <> 'Ahre');
CREATE INDEX words_word ON texts.words (word, sorted DESC);
CREATE INDEX words_plain ON texts.words USING hash (plain);
CREATE TABLE texts.by_letter (word text) PARTITION BY RANGE (word);
CREATE TABLE texts.by_letter_low PARTITION OF texts.by_letter FOR VALUES FROM (MINVALUE) TO ('m');
CREATE TABLE texts.by_letter_high PARTITION OF texts.by_letter FOR VALUES FROM ('m') TO (MAXVALUE);
INSERT INTO texts.by_letter SELECT word FROM texts.words;
CREATE TABLE texts.spans (span text, CHECK (span COLLATE texts.any_case <> 'NO'));
CREATE TYPE texts.span AS RANGE (subtype = text, collation = texts.numbers);
CREATE TABLE texts.ranges (r texts.span);
INSERT INTO texts.ranges VALUES ('[a2,a10)'), ('empty');
CREATE VIEW texts.distinct_words AS SELECT DISTINCT folded FROM texts.words ORDER BY 1;
CREATE MATERIALIZED VIEW texts.grouped AS SELECT plain, count(*) FROM texts.words GROUP BY plain;
