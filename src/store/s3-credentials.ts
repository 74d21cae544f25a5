import { fromWebToken } from '@aws-sdk/credential-providers';
import type { S3ClientConfig } from '@aws-sdk/client-s3';
import { Failure, messageOf } from '../failure.ts';

/** Keys, a role that an OIDC token may take on, or in so many words none: requests are sent as anybody could send them. */
export type S3Credentials =
  | 'anonymous'
  | { accessKeyId: string; secretAccessKey: string; sessionToken?: string | undefined }
  | { roleToAssume: string; webIdentityToken: () => Promise<string> };

/** The credentials in the SDK's terms; undefined stands for its own chain (environment, files, instance). */
export function identityOf(
  credentials: S3Credentials | undefined,
  region: string | undefined,
): S3ClientConfig['credentials'] {
  if (credentials === undefined) return undefined;
  // never used, but without any the SDK would go and look for some
  if (credentials === 'anonymous') return { accessKeyId: 'anonymous', secretAccessKey: 'anonymous' };
  if ('roleToAssume' in credentials) return () => assumeRole(credentials, region);
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
}

/** What must never stand in a message. */
export function secretsOf(credentials: S3Credentials | undefined): string[] {
  if (credentials === undefined || credentials === 'anonymous' || 'roleToAssume' in credentials) return [];
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  return [secretAccessKey, sessionToken, accessKeyId].filter(
    secret => secret !== undefined && secret !== '',
  ) as string[];
}

/** Called anew by the SDK whenever the session is about to expire; each time with a fresh token. */
async function assumeRole(
  { roleToAssume, webIdentityToken }: { roleToAssume: string; webIdentityToken: () => Promise<string> },
  region: string | undefined,
) {
  const token = await webIdentityToken();
  try {
    const provider = fromWebToken({
      roleArn: roleToAssume,
      roleSessionName: 'pg-lifeboat',
      webIdentityToken: token,
      ...(region === undefined || region === 'auto' ? {} : { clientConfig: { region } }),
    });
    return await provider();
  } catch (error) {
    throw new Failure(`cannot assume the role ${roleToAssume}: ${messageOf(error).replaceAll(token, '***')}`, {
      hint: "check the role's trust policy, and that the job has the permission id-token: write",
    });
  }
}
