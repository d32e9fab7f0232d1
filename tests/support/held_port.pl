# held_port(FILE): a free port of 127.0.0.1, which FILE gets the number of.
#
# Asking for a free port and having a server bind it later is a race that two runs at the same time lose. So a socket
# stays bound to it, also in the program that this becomes: whoever asks for any free port does not get this one. A
# server that sets SO_REUSEADDR, as most do, can still have it, for nobody listens there.
use strict;
use warnings;
use Socket;

my @held;

sub held_port {
    my ($file) = @_;
    local $^F = 1000;    # descriptors up to here survive exec
    socket(my $socket, PF_INET, SOCK_STREAM, 0) or die "socket: $!";
    setsockopt($socket, SOL_SOCKET, SO_REUSEADDR, 1) or die "setsockopt: $!";
    bind($socket, sockaddr_in(0, INADDR_LOOPBACK)) or die "bind: $!";
    push @held, $socket;
    my ($port) = sockaddr_in(getsockname $socket);
    open my $out, '>', "$file.new" or die "$file: $!";
    print $out "$port\n";
    close $out or die "$file: $!";
    rename "$file.new", $file or die "$file: $!";
    return $port;
}

1;
