using Fts.Server.Tests.Support;

namespace Fts.Server.Tests.Commands;

/// <summary>TYPE, MODE, STRU, REST, ALLO: what is taken and what is refused.</summary>
public sealed class ParameterTests
{
    [Theory, OnEveryWire]
    public Task Type_takes_ascii_image_and_local_bytes_of_eight_bits(Wire wire) => TestServer.PlayAsync(wire, """
        C: TYPE A
        S: 200 *ASCII*
        C: TYPE a n
        S: 200 *ASCII*
        C: TYPE I
        S: 200 *image*
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
    public Task Blanks_around_a_parameter_are_removed(Wire wire) => TestServer.PlayAsync(wire, """
        C> TYPE I \r\n
        S: 200 *image*
        C> TYPE  A  \r\n
        S: 200 *ASCII*
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
    public Task Rest_and_allo_take_whole_numbers_only(Wire wire) => TestServer.PlayAsync(wire, """
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
    public Task The_first_session_is_in_ascii(Wire wire) => TestServer.PlayAsync(wire, """
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
