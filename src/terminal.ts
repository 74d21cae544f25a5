import { exitWith } from './exit.ts';
import { runTerminal } from './main.ts';

exitWith(await runTerminal(process.argv.slice(2), process.env));
