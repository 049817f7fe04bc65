using Fts.Server.Tests.Support;

namespace Fts.Server.Tests.Commands;

/// <summary>TYPE, MODE, STRU, REST and ALLO: accepted and rejected arguments.</summary>
public sealed class ParameterTests
{
    [Theory, OnEveryWire]
    public Task TYPE_accepts_ASCII_image_and_local_bytes_of_8_bits(Wire wire) => TestServer.PlayAsync(wire, """
        C: TYPE A
        S: 200 Type set to A.
        C: TYPE a n
        S: 200 Type set to A.
        C: TYPE I
        S: 200 Type set to I.
        C: TYPE L 8
        S: 200 *
        C: TYPE A T
        S: 504 *
        C: TYPE E
        S: 504 *
        C: TYPE L 36
        S: 504 *
        C: TYPE X
        S: 501 *
        C: SIZE a
        S: 213 5
        """, ("/a", "hello"));

    [Theory, OnEveryWire]
    public Task Spaces_around_a_parameter_are_removed(Wire wire) => TestServer.PlayAsync(wire, """
        C> TYPE I \r\n
        S: 200 Type set to I.
        C> TYPE  A  \r\n
        S: 200 Type set to A.
        C> MODE S \r\n
        S: 200 *
        C> STRU  F \r\n
        S: 200 *
        C> EPSV \r\n
        S: 229 *
        C> REST 5 \r\n
        S: 350 *
        C> ALLO  5 \r\n
        S: 200 *5 bytes*
        C> OPTS UTF8 ON \r\n
        S: 200 *
        C> OPTS  UTF8 ON\r\n
        S: 200 *
        C> MKD a \r\n
        S: 257 "/a " *
        """);

    [Theory, OnEveryWire]
    public Task Mode_and_structure_are_stream_and_file(Wire wire) => TestServer.PlayAsync(wire, """
        C: MODE S
        S: 200 *
        C: mode s
        S: 200 *
        C: MODE C
        S: 504 *
        C: MODE X
        S: 501 *
        C: STRU F
        S: 200 *
        C: STRU R
        S: 504 *
        C: STRU P
        S: 504 *
        C: STRU FF
        S: 501 *
        """);

    [Theory, OnEveryWire]
    public Task REST_and_ALLO_accept_only_whole_numbers(Wire wire) => TestServer.PlayAsync(wire, """
        C: REST 0
        S: 350 *
        C: REST 9223372036854775807
        S: 350 *
        C: REST 9223372036854775808
        S: 501 *
        C: REST -1
        S: 501 *
        C: REST 1 2
        S: 501 *
        C: REST 0x10
        S: 501 *
        C: ALLO 10
        S: 200 *
        C: ALLO 10 R 80
        S: 200 *
        C: ALLO ten
        S: 501 *
        C: ALLO -1
        S: 501 *
        """);

    [Theory, OnEveryWire]
    public Task The_default_type_is_ASCII(Wire wire) => TestServer.PlayAsync(wire, """
        C: USER ftp
        S: 331 *
        C: PASS x
        S: 230 *
        C: STAT
        S: 211-*
        S: ...
        S:  Type ASCII*
        S: ...
        S: 211 *
        """);
}
