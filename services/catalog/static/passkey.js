import { Problem } from './api.js';
import { t } from './page.js';

const toBytes = (text) =>
  Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (letter) => letter.charCodeAt(0));
const toText = (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
const credential = ({ id, ...others }) => ({ ...others, id: toBytes(id) });

/** Why passkeys cannot be used here: `no-browser` or `not-here`; null where they can. */
export function whyNoPasskeys() {
  if (!window.PublicKeyCredential || !navigator.credentials) return window.isSecureContext ? 'no-browser' : 'not-here';
  return document.getElementById('enrolment').dataset.passkeys ? null : 'not-here';
}

/** Have the browser make a passkey from the server's options; throws a Problem in words that begin with `words`. */
export async function makePasskey(options, words) {
  const { id, response } = await inWords(words, () =>
    navigator.credentials.create({
      publicKey: {
        ...options,
        challenge: toBytes(options.challenge),
        user: credential(options.user),
        excludeCredentials: options.excludeCredentials.map(credential),
      },
    }),
  );
  return {
    credential: id,
    client_data: toText(response.clientDataJSON),
    attestation: toText(response.attestationObject),
    transports: response.getTransports?.() ?? [],
  };
}

/**
 * Have one of the account's passkeys sign the server's challenge; throws a Problem in words that begin with `words`.
 */
export async function usePasskey(options, words) {
  const { id, response } = await inWords(words, () =>
    navigator.credentials.get({
      publicKey: {
        ...options,
        challenge: toBytes(options.challenge),
        allowCredentials: options.allowCredentials.map(credential),
      },
    }),
  );
  return {
    credential: id,
    client_data: toText(response.clientDataJSON),
    authenticator_data: toText(response.authenticatorData),
    signature: toText(response.signature),
  };
}

/** Run `ask`; turn what the browser throws into a Problem: `known` for a registered device, else `cancelled`. */
async function inWords(words, ask) {
  try {
    return await ask();
  } catch (error) {
    const reason = error.name === 'InvalidStateError' ? 'known' : 'cancelled';
    throw new Problem(0, { reason, title: t(`${words}.${reason}.title`), detail: t(`${words}.${reason}.detail`) });
  }
}
