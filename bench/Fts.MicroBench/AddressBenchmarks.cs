using System.Net;
using BenchmarkDotNet.Attributes;
using Fts.Protocol;

namespace Fts.MicroBench;

/// <summary>The addresses of data connections, as commands and replies spell them.</summary>
[MemoryDiagnoser]
public class AddressBenchmarks
{
    private readonly IPEndPoint _ipv4 = IPEndPoint.Parse("192.168.100.17:51234"), _ipv6 = IPEndPoint.Parse("[2001:db8::17]:51234");

    [Benchmark]
    public object Port() => HostPort.TryParse("192,168,100,17,200,34", out IPEndPoint endPoint) ? endPoint : throw new InvalidOperationException();

    [Benchmark]
    public object Eprt() => HostPort.TryParseExtended("|1|192.168.100.17|51234|", out IPEndPoint endPoint, out _) ? endPoint : throw new InvalidOperationException();

    [Benchmark]
    public object EprtOfIPv6() => HostPort.TryParseExtended("|2|2001:db8::17|51234|", out IPEndPoint endPoint, out _) ? endPoint : throw new InvalidOperationException();

    [Benchmark]
    public object PasvReply() =>
        PassiveReply.TryRead("Entering Passive Mode (192,168,100,17,200,34).", FtpReplyCode.PassiveMode, out PassiveEndPoint place) ? new IPEndPoint(place.Address!, place.Port) : throw new InvalidOperationException();

    [Benchmark]
    public int EpsvReply() => PassiveReply.TryRead("Entering Extended Passive Mode (|||51234|)", FtpReplyCode.ExtendedPassiveMode, out PassiveEndPoint place) ? place.Port : throw new InvalidOperationException();

    [Benchmark]
    public string FormatPasv() => HostPort.Format(_ipv4);

    [Benchmark]
    public string FormatEprt() => HostPort.FormatExtended(_ipv6);
}
