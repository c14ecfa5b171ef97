"""The clients that bench/run measures side by side: each sends one message, from a file, to a server on a host and port."""
import json
import os
import re
import shlex
import shutil
import subprocess

NAME = "client.example.test"
SENDER = "ada@example.test"
SMTPLIB = """
import smtplib, ssl, sys
host, port, path, recipients, tls = sys.argv[1:]
context = ssl._create_unverified_context()
if tls == "implicit TLS":
    server = smtplib.SMTP_SSL(host, int(port), local_hostname="%s", context=context)
else:
    server = smtplib.SMTP(host, int(port), local_hostname="%s")
if tls == "STARTTLS":
    server.starttls(context=context)
server.sendmail("%s", recipients.split(","), open(path, "rb").read())
server.quit()
""" % (NAME, NAME, SENDER)
NODEMAILER = """
const [host, port, path, recipients, tls] = process.argv.slice(1);
const transport = require("nodemailer").createTransport({host, port, name: "%s", ignoreTLS: !tls, requireTLS: tls === "STARTTLS",
  secure: tls === "implicit TLS", tls: {rejectUnauthorized: false}});
transport.sendMail({envelope: {from: "%s", to: recipients.split(",")}, raw: require("fs").readFileSync(path)})
  .then(() => transport.close(), (error) => { console.error(error); process.exitCode = 1; });
""" % (NAME, SENDER)
CACHE = os.path.join(os.environ.get("XDG_CACHE_HOME", os.path.expanduser("~/.cache")), "postino")


def node_modules():
    """The folder with nodemailer, which npm's smtp-server brings with it for the tests of interop; or None."""
    for name in sorted(os.listdir(CACHE)) if os.path.isdir(CACHE) and shutil.which("node") else []:
        path = os.path.join(CACHE, name, "node_modules")
        if os.path.isdir(os.path.join(path, "nodemailer")):
            return path
    return None


def recipients(count):
    return ["r%d@example.test" % number for number in range(1, count + 1)]


class Client:
    """`command(host, port, path, addresses)` gives its words; `version` is what its program says of itself; `counts`: its instructions can be."""

    def __init__(self, name, command, version, pipelines=True):
        self.name, self.command, self.version, self.pipelines = name, command, version, pipelines
        self.counts = name != "nodemailer"  # what node makes of its code as it runs, valgrind takes minutes for

    def line(self, port, path, addresses, *tls):
        """For sh on a wire, where POSTINO_ADDRESS is the host."""
        return " ".join(map(on_host, self.command("@HOST@", port, path, addresses, *tls)))


def on_host(word):
    """A word for sh, with @HOST@ outside of the quotes, so that sh fills it in."""
    quoted = shlex.quote(word)
    return quoted.replace("@HOST@", "'\"$POSTINO_ADDRESS\"'" if quoted.startswith("'") else "\"$POSTINO_ADDRESS\"")


def postino(program, by_data=False):
    more = ["--without", "CHUNKING"] if by_data else []

    def command(host, port, path, addresses):
        return [program, "send", "--server", "smtp://%s:%d" % (host, port), "--name", NAME, "--from", SENDER, "--to",
                ",".join(addresses), "--message", path] + more
    return Client("postino send" + (" by DATA" if by_data else ""), command, first_line([program, "--version"]))


def returning(program, port, path, count, memory, *more):
    """A line for sh on a wire: postino send by one who keeps in `memory` what the server offers; in clear."""
    words = [program, "send", "--name", NAME, "--from", SENDER, "--to", ",".join(recipients(count)), "--message", path, "--remember", memory, *more]
    return " ".join(map(shlex.quote, words)) + ' --server "smtp+notls://$POSTINO_ADDRESS:%d"' % port


def batch(program, port, path, *more):
    """A line for sh on a wire: postino send of a list of mails."""
    words = [program, "send", "--name", NAME, "--from", SENDER, "--batch", path, "--in-flight", "100", *more]
    return " ".join(map(shlex.quote, words)) + ' --server "smtp://$POSTINO_ADDRESS:%d"' % port


def write_list(path, mails, size):
    """So many mails with a text of so many octets each."""
    text = ("the quick brown fox jumps over the lazy dog, and so it goes on and on.\n" * (size // 70 + 1))[:size - 1] + "\n"
    with open(path, "w", encoding="utf-8") as file:
        for address in recipients(mails):
            file.write(json.dumps({"to": [address], "subject": address, "text": text}) + "\n")


def secured(program, url, folder, secret, pin, path, count, *more):
    """A line for sh on a wire: postino send over TLS, with `url` behind the scheme as sh has it."""
    password = os.path.join(folder, "password")
    with open(password, "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(secret + "\n")
    words = [program, "send", "--name", NAME, "--from", SENDER, "--to", ",".join(recipients(count)), "--message", path,
             "--pin", "sha256:" + pin, *(["--password-file", password, "--auth", "PLAIN"] if "@" in url else []), *more]
    return " ".join(map(shlex.quote, words)) + ' --server "%s"' % url


# The peers. `tls` is "", "STARTTLS" or "implicit TLS"; then the certificate is anybody's.

def curl(host, port, path, addresses, tls=""):
    words = ["curl", "--silent", "--show-error", "%s://%s:%d/%s" % ("smtps" if tls == "implicit TLS" else "smtp", host, port, NAME), "--mail-from", SENDER]
    words += ["--insecure", "--ssl-reqd"] if tls else []
    for address in addresses:
        words += ["--mail-rcpt", address]
    return words + ["--upload-file", path]


def msmtp(host, port, path, addresses, tls=""):
    """It reads the message from its standard input."""
    words = ["msmtp", "--file=/dev/null", "--host=" + host, "--port=%d" % port, "--domain=" + NAME, "--from=" + SENDER, "--auth=off"]
    words += ["--tls=on", "--tls-certcheck=off", "--tls-starttls=" + ("on" if tls == "STARTTLS" else "off")] if tls else ["--tls=off"]
    return ["sh", "-c", 'path=$1; shift; exec "$@" <"$path"', "sh", path] + words + addresses


def swaks(host, port, path, addresses, tls=""):
    return ["swaks", "--silent", "3", "--pipeline", "--server", host, "--port", str(port), "--helo", NAME, "--from",
            SENDER, "--to", ",".join(addresses), "--data", "@" + path, *({"": [], "STARTTLS": ["--tls"]}.get(tls, ["--tls-on-connect"]))]


def smtplib(host, port, path, addresses, tls=""):
    return ["/usr/bin/python3", "-c", SMTPLIB, host, str(port), path, ",".join(addresses), tls]


def nodemailer(host, port, path, addresses, tls=""):
    return ["env", "NODE_PATH=" + node_modules(), "node", "-e", NODEMAILER, host, str(port), path, ",".join(addresses), tls]


def first_line(command):
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    except OSError:
        return ""
    line = done.stdout.splitlines()[0] if done.stdout else ""
    return re.sub(r" \(.*| libcurl.*", "", line).strip()


def peers():
    """Those that are here."""
    found = []
    for program, name, command, pipelines in (("curl", "curl", curl, False), ("msmtp", "msmtp", msmtp, True),
                                              ("swaks", "swaks --pipeline", swaks, True),
                                              ("/usr/bin/python3", "smtplib", smtplib, False)):
        if shutil.which(program):
            found.append(Client(name, command, first_line([program, "--version"]), pipelines))
    if node_modules():
        with open(os.path.join(node_modules(), "nodemailer", "package.json"), encoding="utf-8") as file:
            found.append(Client("nodemailer", nodemailer, json.load(file)["version"], False))
    return found


def write_message(path, size):
    """A message of this size, all of it short lines of ASCII."""
    head = "From: Ada <%s>\r\nTo: someone@example.test\r\nSubject: A benchmark\r\n\r\n" % SENDER
    line = "The quick brown fox jumps over the lazy dog, and does so again tomorrow.\r\n"
    text = (head + line * (size // len(line) + 1))[:size - 2] + "\r\n"
    with open(path, "wb") as file:
        file.write(text.encode("ascii"))
    return os.path.getsize(path)
