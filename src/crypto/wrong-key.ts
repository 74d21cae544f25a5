import { Failure } from '../failure.ts';

/** The key is sound and the object may be too, but they do not belong together: nothing can be said of the object. Exit status 2. */
export class WrongKey extends Failure {
  constructor(message: string, hint: string) {
    super(message, { hint, exitStatus: 2 });
    this.name = 'WrongKey';
  }
}
