import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { projectFolder } from './build.ts';

/** What a called workflow declares of one input, secret or output. */
export interface Declared {
  description: string;
  type?: string;
  default?: string | number | boolean;
  required?: boolean;
}

export interface WorkflowStep {
  id?: string;
  name?: string;
  uses?: string;
  run?: string;
  with?: Record<string, string | number | boolean>;
  env?: Record<string, string>;
}

export interface WorkflowJob {
  'runs-on'?: string;
  'timeout-minutes'?: unknown;
  permissions?: Record<string, string>;
  steps: WorkflowStep[];
}

/** A workflow that others call. */
export interface PublicWorkflow {
  /** Its file, for example `backup.yml`. */
  file: string;
  text: string;
  inputs: Record<string, Declared>;
  secrets: Record<string, Declared>;
  outputs: Record<string, Declared>;
  permissions: unknown;
  jobs: Record<string, WorkflowJob>;
}

interface Parsed {
  on: { workflow_call: Partial<Pick<PublicWorkflow, 'inputs' | 'secrets' | 'outputs'>> };
  permissions: unknown;
  jobs: PublicWorkflow['jobs'];
}

/** The workflows that others call, by file name; those whose name begins with a dot are this project's own. */
export async function publicWorkflows(): Promise<PublicWorkflow[]> {
  const folder = join(projectFolder, '.github/workflows');
  const files = (await readdir(folder)).filter(file => !file.startsWith('.')).sort();
  return Promise.all(
    files.map(async file => {
      const text = await readFile(join(folder, file), 'utf8');
      const { on, permissions, jobs } = parse(text) as Parsed;
      const { inputs = {}, secrets = {}, outputs = {} } = on.workflow_call;
      return { file, text, inputs, secrets, outputs, permissions, jobs };
    }),
  );
}
