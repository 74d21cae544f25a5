import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { wrongInput } from '../failure.ts';
import type { Target } from '../postgres/connection.ts';
import { type Address, parseAddress } from '../postgres/url.ts';
import type { Context } from './context.ts';

/** Understands a database URL and makes its certificate authority a file, which libpq wants. */
export async function openTarget(
  input: Target['input'],
  url: string,
  sslRootCert: string | undefined,
  context: Context,
): Promise<Target> {
  const parsed = parseAddress(url, input);
  // who names an authority wants the server checked against it
  const isImplied = sslRootCert !== undefined && !/[?&]sslmode=/.test(url);
  const address: Address = isImplied ? { ...parsed, sslMode: 'verify-full' } : parsed;
  if (address.ignored.length > 0)
    context.log.warn(`input ${input} has parameters that mean nothing here: ${address.ignored.join(', ')}`);
  const pem = await authority(address, sslRootCert);
  const application = `pg-lifeboat ${randomBytes(6).toString('hex')}`;
  if (pem === undefined) return { input, address, rootCert: undefined, application };
  const path = join(context.folder, `${input}-ca.pem`);
  await writeFile(path, pem, { mode: 0o600 });
  return { input, address, rootCert: { pem, path }, application };
}

async function authority(address: Address, given: string | undefined): Promise<string | undefined> {
  const source = given ?? (address.sslRootCert === 'system' ? undefined : address.sslRootCert);
  if (source === undefined) return address.sslMode.startsWith('verify-') ? rootCertificates.join('\n') : undefined;
  if (source.includes('-----BEGIN CERTIFICATE-----')) return source;
  const pem = await readFile(source, 'utf8').catch(error => {
    throw wrongInput(
      'ssl-root-cert',
      `cannot be read: ${(error as NodeJS.ErrnoException).code}`,
      "give PEM text or a file's path",
    );
  });
  if (!pem.includes('-----BEGIN CERTIFICATE-----'))
    throw wrongInput('ssl-root-cert', 'holds no certificate', 'give PEM text or the path of a PEM file');
  return pem;
}
