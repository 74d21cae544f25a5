import { createHmac } from 'node:crypto';
import { type Means, NotYet, insistently } from '../delivery.ts';
import { Failure } from '../failure.ts';
import { sendOnce } from './http.ts';
import type { Notice } from './notice.ts';
import { messageFor } from './webhook-message.ts';
import type { Service } from './webhook-service.ts';

export interface Webhook {
  /** A secret: who has it can write there. */
  url: URL;
  service: Service;
  /** Signs our own JSON, so that its receiver knows who wrote it. */
  secret: string | undefined;
}

/** The header with the signature of the body: `sha256=` and its HMAC-SHA256 in hex. */
export const signatureHeader = 'x-lifeboat-signature-256';

/** Posts a notice; throws a `Failure` where the receiver did not take it. */
export async function tellWebhook({ url, service, secret }: Webhook, notice: Notice, means: Means): Promise<void> {
  const body = JSON.stringify(messageFor(service, notice));
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  if (secret !== undefined) headers[signatureHeader] = signatureOf(body, secret);
  await insistently(means, async () => {
    const text = await sendOnce({ url, method: 'POST', body, headers }, means);
    if (service === 'teams') refuseHiddenFault(text);
  });
}

/** The HMAC-SHA256 of a body, as it stands in the header. */
export function signatureOf(body: string, secret: string): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
}

/** Teams' connectors answer with status 200 also where they failed, and say so in the text (MicrosoftDocs/msteams-docs, issue 7425). */
function refuseHiddenFault(text: string): void {
  const [, status] = /delivery failed with error: .*?returned HTTP error (\d{3})/.exec(text) ?? [];
  if (status === undefined && !text.startsWith('Webhook message delivery failed')) return;
  const problem = `it could not deliver${status === undefined ? '' : `: Teams answered with status ${status}`}`;
  if (status === '429' || status === undefined || status.startsWith('5')) throw new NotYet(problem);
  throw new Failure(problem);
}
