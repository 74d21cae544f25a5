import { type Damage, damage } from './definition-damages.ts';

/** What can be wrong with tables and what belongs to them. */
export const damagesOfTables: readonly Damage[] = [
  // tables and columns
  damage(
    'a column has another type',
    `ALTER TABLE every_published.a ALTER word TYPE varchar(9)`,
    'TABLE_DIFFERS table every_published.a',
  ),
  damage(
    'a default is lost',
    `ALTER TABLE every.things ALTER feeling DROP DEFAULT`,
    'TABLE_DIFFERS table every.things',
  ),
  damage(
    'the default of a serial is lost',
    `ALTER TABLE every.things ALTER id DROP DEFAULT`,
    'COLUMN_DEFAULT_MISSING column default every.things id',
  ),
  damage(
    'a column may be null',
    `ALTER TABLE every.things ALTER word DROP NOT NULL`,
    'TABLE_DIFFERS table every.things',
  ),
  damage(
    'a column has another collation',
    `ALTER TABLE every_published.a ALTER word TYPE text COLLATE "C"`,
    'TABLE_DIFFERS table every_published.a',
  ),
  damage(
    'a column is no longer generated',
    `ALTER TABLE every.things ALTER twice DROP EXPRESSION`,
    'TABLE_DIFFERS table every.things',
  ),
  damage(
    'a column is stored in another way',
    `ALTER TABLE every.things ALTER stored SET STORAGE MAIN`,
    'TABLE_DIFFERS table every.things',
  ),
  damage(
    'a column has other statistics',
    `ALTER TABLE every.things ALTER word SET STATISTICS 320`,
    'TABLE_DIFFERS table every.things',
  ),
  damage('an option is lost', `ALTER TABLE every.things RESET (fillfactor)`, 'TABLE_DIFFERS table every.things'),
  damage(
    'columns stand in another order',
    `ALTER TABLE every."dot.dot $1 \\ % 'q' -- /* */" DROP "a.b", ADD "a.b" int`,
    `TABLE_DIFFERS table every.dot.dot $1 \\ % 'q' -- /* */`,
  ),
  damage('a table is logged', `ALTER TABLE every.unlogged SET LOGGED`, 'TABLE_DIFFERS table every.unlogged'),
  damage(
    'a table has another access method',
    `ALTER TABLE every.own_method SET ACCESS METHOD heap`,
    'TABLE_DIFFERS table every.own_method',
  ),
  damage(
    'a table lies in another tablespace',
    `ALTER TABLE every.elsewhere SET TABLESPACE pg_default`,
    'TABLE_DIFFERS table every.elsewhere',
  ),
  damage(
    'the replica identity is lost',
    `ALTER TABLE every.log REPLICA IDENTITY DEFAULT`,
    'TABLE_DIFFERS table every.log',
  ),
  damage(
    'a table belongs to another role',
    `ALTER TABLE every.own_method OWNER TO every_other`,
    'OWNER_DIFFERS table every.own_method',
  ),
  damage('a table is new', `CREATE TABLE every."a new one; Type: x" ()`, 'TABLE_EXTRA table every.a new one; Type: x'),
  damage(
    'a table is lost',
    `DROP TABLE every.unlogged`,
    'GRANTS_MISSING grants on sequence every.unlogged_id_seq',
    'GRANTS_MISSING grants on table every.unlogged',
    'SEQUENCE_MISSING sequence every.unlogged_id_seq',
    'TABLE_MISSING table every.unlogged',
  ),
  // limits that would be the type's own, of another type or in the other direction
  damage(
    'an identity of bigint ends with the integers',
    `ALTER TABLE every.parts ALTER id SET MAXVALUE 2147483647`,
    'SEQUENCE_DIFFERS sequence every.parts_id_seq',
  ),
  damage(
    'an identity of integer ends with the smallints',
    `ALTER TABLE every.counted ALTER id SET MAXVALUE 32767`,
    'SEQUENCE_DIFFERS sequence every.counted_id_seq',
  ),
  damage(
    'an identity that counts up begins again below zero',
    `ALTER TABLE every.like_counted ALTER id SET MINVALUE -2147483648`,
    'SEQUENCE_DIFFERS sequence every.like_counted_id_seq',
  ),
  damage(
    'an identity that counts down begins again above zero',
    `ALTER TABLE every.like_counted ALTER down SET MAXVALUE 32767`,
    'SEQUENCE_DIFFERS sequence every.like_counted_down_seq',
  ),
  // inheritance, where order does not count but all else does
  damage('a table inherits', `ALTER TABLE every.left_home INHERIT every.parent`, 'TABLE_DIFFERS table every.left_home'),
  damage(
    'a column of a child has another default',
    `ALTER TABLE ONLY every.adopted ALTER z SET DEFAULT 'b, a'`,
    'TABLE_DIFFERS table every.adopted',
  ),
  damage(
    'a column of a child has other statistics',
    `ALTER TABLE ONLY every.adopted ALTER b SET STATISTICS 7`,
    'TABLE_DIFFERS table every.adopted',
  ),
  // partitions
  damage(
    'a partition is detached',
    `ALTER TABLE every.parts_1 DETACH PARTITION every.parts_1_a`,
    'INDEX_MISSING attached index every.parts_1_a_kind_at_idx',
    'PARTITION_MISSING partition every.parts_1_a',
    'TRIGGER_DISABLED trigger every.parts_1_a parted',
  ),
  damage(
    'a partition has other bounds',
    `TRUNCATE every.refers; ALTER TABLE every.refers DETACH PARTITION every.refers_0; ALTER TABLE every.refers ATTACH PARTITION every.refers_0 FOR VALUES WITH (MODULUS 2, REMAINDER 0)`,
    'PARTITION_DIFFERS partition every.refers_0',
  ),
  // constraints
  damage(
    'a check is lost',
    `ALTER TABLE every.things DROP CONSTRAINT "odd ""constraint"""`,
    'TABLE_DIFFERS table every.things',
  ),
  damage(
    'an exclusion is lost',
    `ALTER TABLE every.excluded DROP CONSTRAINT excluded_during_excl`,
    'CONSTRAINT_MISSING constraint every.excluded excluded_during_excl',
  ),
  damage(
    'a foreign key is lost',
    `ALTER TABLE every.refers DROP CONSTRAINT refers_other_fkey`,
    'CONSTRAINT_MISSING constraint every.refers refers_other_fkey',
  ),
  damage(
    'a foreign key is not validated',
    `ALTER TABLE every.hen DROP CONSTRAINT hen_egg_fkey, ADD CONSTRAINT hen_egg_fkey FOREIGN KEY (egg) REFERENCES every_second.egg DEFERRABLE INITIALLY DEFERRED NOT VALID`,
    'CONSTRAINT_NOT_VALIDATED constraint every.hen hen_egg_fkey',
  ),
  damage(
    'a check is not validated',
    `ALTER TABLE every.things DROP CONSTRAINT things_amount_check, ADD CONSTRAINT things_amount_check CHECK (amount >= 0) NOT VALID`,
    'CONSTRAINT_NOT_VALIDATED constraint every.things things_amount_check',
  ),
  damage(
    'a check is validated',
    `ALTER TABLE every.things VALIDATE CONSTRAINT not_valid`,
    'CONSTRAINT_NOT_VALIDATED constraint every.things not_valid',
  ),
  damage(
    'a check is not validated and another',
    `ALTER TABLE every.things DROP CONSTRAINT things_amount_check, ADD CONSTRAINT things_amount_check CHECK (amount >= 1) NOT VALID`,
    'CONSTRAINT_EXTRA constraint every.things things_amount_check',
    'TABLE_DIFFERS table every.things',
  ),
  damage(
    'the check of a domain is validated',
    `ALTER DOMAIN every.year VALIDATE CONSTRAINT recent`,
    'CONSTRAINT_NOT_VALIDATED constraint every.year recent',
  ),
  damage(
    'a constraint is no longer deferred',
    `ALTER TABLE every.hen ALTER CONSTRAINT hen_egg_fkey NOT DEFERRABLE`,
    'CONSTRAINT_DIFFERS constraint every.hen hen_egg_fkey',
  ),
  damage(
    'a table is no longer clustered',
    `ALTER TABLE every.things SET WITHOUT CLUSTER`,
    'CONSTRAINT_DIFFERS constraint every.things things_pkey',
  ),
  // indexes and statistics
  damage('an index is lost', `DROP INDEX every."odd ""index"" 🐘"`, 'INDEX_MISSING index every.odd "index" 🐘'),
  damage(
    'an index is another',
    `DROP INDEX every.things_by_pair; CREATE INDEX things_by_pair ON every.things (pair)`,
    'INDEX_DIFFERS index every.things_by_pair',
  ),
  damage(
    'an index lies in another tablespace',
    `ALTER INDEX every.elsewhere_n SET TABLESPACE pg_default`,
    'INDEX_DIFFERS index every.elsewhere_n',
  ),
  damage(
    'the replica identity is no index',
    `ALTER TABLE every.things REPLICA IDENTITY FULL`,
    'INDEX_DIFFERS index every.things_unique',
    'TABLE_DIFFERS table every.things',
  ),
  damage(
    'statistics are lost',
    `DROP STATISTICS every.of_expressions`,
    'STATISTICS_MISSING statistics every.of_expressions',
  ),
  damage(
    'statistics are of other columns',
    `DROP STATISTICS every.of_adopted; CREATE STATISTICS every.of_adopted ON z, c, b FROM every.adopted`,
    'STATISTICS_DIFFERS statistics every.of_adopted',
  ),
  // triggers and rules
  damage('a trigger is lost', `DROP TRIGGER always ON every.things`, 'TRIGGER_MISSING trigger every.things always'),
  damage(
    'a trigger is another',
    `CREATE OR REPLACE TRIGGER always AFTER INSERT ON every.things FOR EACH STATEMENT EXECUTE FUNCTION every.touch()`,
    'TRIGGER_DIFFERS trigger every.things always',
  ),
  damage(
    'a trigger is disabled',
    `ALTER TABLE every.things DISABLE TRIGGER touch`,
    'TRIGGER_DISABLED trigger every.things touch',
  ),
  damage(
    'a trigger fires always',
    `ALTER TABLE every.things ENABLE ALWAYS TRIGGER disabled`,
    'TRIGGER_DISABLED trigger every.things disabled',
  ),
  damage(
    'an odd trigger is enabled',
    `ALTER TABLE every."two\nlines" ENABLE TRIGGER "trig\nger"`,
    'TRIGGER_DISABLED trigger every.two lines trig ger',
  ),
  damage(
    'the trigger of a partition is enabled',
    `ALTER TABLE every.parts_2 ENABLE TRIGGER parted`,
    'TRIGGER_DISABLED trigger every.parts_2 parted',
  ),
  damage(
    'an event trigger is disabled',
    `ALTER EVENT TRIGGER every_ddl DISABLE`,
    'TRIGGER_DISABLED event trigger every_ddl',
  ),
  damage(
    'an event trigger is lost',
    `DROP EVENT TRIGGER every_ddl_off`,
    'EVENT_TRIGGER_MISSING event trigger every_ddl_off',
  ),
  damage('a rule is lost', `DROP RULE notifies ON every.log`, 'RULE_MISSING rule every.log notifies'),
  damage('a rule is enabled', `ALTER TABLE every.log ENABLE RULE asleep`, 'TRIGGER_DISABLED rule every.log asleep'),
];
