// A plugin of Haraka's: keeps each mail as a file in the folder POSTINO_MAILS.
const fs = require('fs');

const folder = process.env.POSTINO_MAILS;

exports.register = function () {
    for (const hook of ['queue', 'queue_outbound']) this.register_hook(hook, 'keep');
    this.register_hook('rcpt', 'recipient');
};

exports.recipient = function (next, connection, [address]) {
    if (address.user === 'reject') next(DENY, 'no such user');
    else if (address.user === 'defer') next(DENYSOFT, 'try later');
    else next(OK);
};

exports.keep = function (next, { transaction }) {
    const name = `${folder}/${transaction.uuid}`;
    transaction.message_stream.pipe(fs.createWriteStream(name + '.part').on('close', () => {
        fs.renameSync(name + '.part', name + '.eml');
        next(OK, 'kept');
    }));
};
