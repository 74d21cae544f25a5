import { exitWith } from './exit.ts';
import { runAction } from './main.ts';

exitWith(await runAction(process.env));
