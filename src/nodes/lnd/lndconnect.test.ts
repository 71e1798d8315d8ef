import { describe, expect, it } from 'vitest';
import { readLndconnect, readParts } from './lndconnect.ts';

/** Of an lnd 0.21.3-beta of a test network. */
const PEM = `-----BEGIN CERTIFICATE-----
MIICKzCCAdGgAwIBAgIRALEC4AXWcoc5rooTFtrT7PQwCgYIKoZIzj0EAwIwLjEf
MB0GA1UEChMWbG5kIGF1dG9nZW5lcmF0ZWQgY2VydDELMAkGA1UEAxMCdm0wHhcN
MjYxMTIwMTgwMzUxWhcNMjgwMTE1MTgwMzUxWjAuMR8wHQYDVQQKExZsbmQgYXV0
b2dlbmVyYXRlZCBjZXJ0MQswCQYDVQQDEwJ2bTBZMBMGByqGSM49AgEGCCqGSM49
AwEHA0IABPsh8QCXxXKpc/zCadbbo9fY4XArIyzfot9REPpPQh9OPwVZKpDfK88b
p6DOKnp53ua2gkyk1HJrs8B9a7SOxTijgc8wgcwwDgYDVR0PAQH/BAQDAgKkMBMG
A1UdJQQMMAoGCCsGAQUFBwMBMA8GA1UdEwEB/wQFMAMBAf8wHQYDVR0OBBYEFC1x
HZKZDWNDfzRv4FkEkRZ0k+VmMHUGA1UdEQRuMGyCAnZtgglsb2NhbGhvc3SCBHVu
aXiCCnVuaXhwYWNrZXSCB2J1ZmNvbm6HBH8AAAGHEAAAAAAAAAAAAAAAAAAAAAGH
BMAAAgKHEP0AAAAAAAAAAAAAAAAAAAKHEP6AAAAAAAAAAPwA//4AAAEwCgYIKoZI
zj0EAwIDSAAwRQIhALoVciFfC5JVOJsE/JT3uhLBybm51a1vfMUAUJxjUtpGAiBs
3q3vzs3BTmR539Og21050iBDyVoQpRP4tmHs48BSLA==
-----END CERTIFICATE-----
`;
const MACAROON =
  '0201036c6e640248030a103714abddc832d94849774d1c4c5064131201301a0c0a04696e666f1204726561641a100a08696e766f696365731204726561641a100a086f6666636861696e120472656164000006200f7449951195097f25c2bfedfefc0be2cf9ae1ebe5be0ae22011952699301c1c';

const base64 = PEM.replace(/-----.*-----|\n/g, '');
const cert = Buffer.from(base64, 'base64').toString('base64url');
const macaroon = Buffer.from(MACAROON, 'hex').toString('base64url');
const uri = (rest: string, host = 'lnd.example:10009'): string => `lndconnect://${host}${rest}`;
const fault = (text: string): string => {
  const read = readLndconnect(text);
  return read.kind === 'fault' ? read.detail : 'it was taken';
};

describe('an lndconnect URI', () => {
  it('has address, certificate and macaroon', () => {
    expect(readLndconnect(`  ${uri(`?cert=${cert}&macaroon=${macaroon}`)}\n`)).toEqual({
      kind: 'credentials',
      credentials: { address: 'lnd.example:10009', certificates: [PEM], macaroon: MACAROON },
    });
  });
  it('may name a host by its number', () => {
    for (const host of ['10.0.0.7:10009', '[2001:db8::7]:10009']) {
      expect(readLndconnect(uri(`?cert=${cert}&macaroon=${macaroon}`, host))).toMatchObject({
        credentials: { address: host },
      });
    }
  });
  it('is without certificate where a public authority vouches', () => {
    expect(readLndconnect(uri(`?macaroon=${macaroon}`))).toMatchObject({ credentials: { certificates: [] } });
  });
  it('is understood with the base64 of PEM, too', () => {
    expect(readLndconnect(uri(`?cert=${encodeURIComponent(base64)}&macaroon=${macaroon}`))).toMatchObject({
      credentials: { certificates: [PEM] },
    });
  });
  it('is refused for what it lacks, and never repeated', () => {
    expect(fault('https://lnd.example:10009')).toContain('lndconnect://HOST:PORT');
    expect(fault(uri(`?cert=${cert}&macaroon=${macaroon}`, 'lnd.example'))).toContain('HOST:PORT');
    expect(fault(uri(`?cert=${cert}`))).toContain('macaroon');
    expect(fault(uri(`?cert=${cert.slice(9)}&macaroon=${macaroon}`))).toContain('cert');
    expect(fault(uri(`?cert=${cert}&macaroon=${macaroon.slice(3)}`))).toContain('macaroon');
    for (const text of [uri(`?cert=x&macaroon=${macaroon}`), uri(`?cert=${cert}&macaroon=a${macaroon}`)]) {
      expect(fault(text)).not.toContain(macaroon.slice(9, 30));
    }
  });
});

describe('credentials piece by piece', () => {
  it('may have two certificates in one text, as during a rotation', () => {
    const read = readParts({
      address: 'lnd.example:10009',
      certificates: [PEM + PEM],
      macaroon: MACAROON.toUpperCase(),
    });
    expect(read).toMatchObject({ credentials: { certificates: [PEM, PEM], macaroon: MACAROON } });
  });
  it('are refused with a certificate that is none', () => {
    const read = (pem: string) => readParts({ address: 'a:1', certificates: [pem], macaroon: MACAROON });
    expect(read('hello')).toMatchObject({ kind: 'fault', detail: expect.stringContaining('PEM') });
    expect(read(PEM.replace('MIIC', 'MIIZ'))).toMatchObject({ kind: 'fault' });
  });
});
