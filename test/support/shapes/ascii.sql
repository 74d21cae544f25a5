-- For a database in SQL_ASCII, which takes any bytes: here those of LATIN1 and halves of UTF8 characters beside whole ones.
CREATE TABLE public.bytes (id serial, t text);
INSERT INTO public.bytes (t) VALUES ('plain'), ('größe'), (E'gr\xf6\xdfe'), (E'\xff\xfe'), (E'\xe2\x98'), (E'\x80'), (''), (NULL);
CREATE TABLE public.checked (t text DEFAULT 'größe' CHECK (t <> 'ü'));
INSERT INTO public.checked DEFAULT VALUES;
COMMENT ON TABLE public.checked IS 'für alle';
