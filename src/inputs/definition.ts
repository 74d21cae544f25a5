/** The commands of this release, in the order in which people meet them. */
export const commandNames = [
  'backup',
  'list',
  'verify',
  'drill',
  'restore',
  'watch',
  'prune',
  'retain',
  'detect',
  'rehearse',
  'comment',
  'alert',
] as const;
export type CommandName = (typeof commandNames)[number];

export type InputGroup =
  'what' | 'databases' | 'encryption' | 'where' | 'dump' | 'proof' | 'restore' | 'migration' | 'retention' | 'alarm';

export interface InputDefinition {
  name: string;
  group: InputGroup;
  /** Commands that use it; any other command that is given it warns. */
  commands: readonly CommandName[];
  /** One sentence or two for action.yml, the README and `--help`. */
  description: string;
  default?: string;
  /** Its value is masked in the log and is better kept in the environment than on a command line. */
  secret?: boolean;
  /** Blanks at its ends belong to it. */
  isVerbatim?: boolean;
}
