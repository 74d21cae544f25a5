import { Failure } from '../failure.ts';

/** There is no object under that key. */
export class ObjectMissing extends Failure {
  readonly key: string;

  constructor(key: string, location: string) {
    super(`object ${key} is not in ${location}`);
    this.name = 'ObjectMissing';
    this.key = key;
  }
}
