/* The embedded SMTP and LMTP server of the command, for tests, demonstrations and one's own development. */
#ifndef POSTINO_TOOL_SINK_H
#define POSTINO_TOOL_SINK_H

/* Runs `postino sink` until it is told to end; argv[0] is "sink". Returns an exit code of sysexits(3). */
int postino_sink_main(int argc, char **argv);

#endif
