// smtp_server.js ADDRESS PORT SMTPS FOLDER PKI TOKEN: takes mails and keeps them exactly in FOLDER.
const { SMTPServer } = require('smtp-server');
const fs = require('fs');

const [address, port, smtps, folder, pki, token] = process.argv.slice(2);
const passwords = { 'alice@example.test': 's3cret-Pa55', 'ulla@example.test': 'Grüße-7' };
const refusals = { reject: [550, '5.1.1 no such user'], defer: [451, '4.3.0 try later'] };
let number = 0;

function known({ method, username, password, accessToken, validatePassword }) {
    const right = passwords[username];
    if (method === 'XOAUTH2') return username === 'alice@example.test' && accessToken === token;
    return right !== undefined && (method === 'CRAM-MD5' ? validatePassword(right) : password === right);
}

function server(secure) {
    return new SMTPServer({
        secure,
        name: 'mail.example.test',
        key: fs.readFileSync(pki + '/server.key'),
        cert: fs.readFileSync(pki + '/server.pem'),
        authMethods: ['PLAIN', 'LOGIN', 'CRAM-MD5', 'XOAUTH2'],
        authOptional: true,
        allowInsecureAuth: true,
        disableReverseLookup: true,
        size: 52428800,
        hideENHANCEDSTATUSCODES: false,
        hideDSN: false,
        hideREQUIRETLS: false,
        hideSMTPUTF8: false,
        onAuth(credentials, session, done) {
            if (known(credentials)) done(null, { user: credentials.username });
            else done(Object.assign(new Error('these credentials are not known'), { responseCode: 535 }));
        },
        onRcptTo(to, session, done) {
            const refusal = refusals[to.address.split('@')[0]];
            done(refusal && Object.assign(new Error(refusal[1]), { responseCode: refusal[0] }));
        },
        onData(stream, session, done) {
            const name = `${folder}/${String(++number).padStart(4, '0')}`;
            stream.pipe(fs.createWriteStream(name + '.part')).on('finish', () => {
                // Under its name only when it is whole: whoever waits for the mail looks for that name.
                fs.writeFileSync(name + '.json', JSON.stringify(session.envelope));
                fs.renameSync(name + '.part', name + '.eml');
                done(null, `kept as ${number}`);
            });
        },
    }).on('error', (error) => console.error(error.message)); // of one connection, as when its client ends the handshake
}

server(true).listen(smtps, address, () => server(false).listen(port, address));
