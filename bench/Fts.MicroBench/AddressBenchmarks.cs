using System.Net;
using BenchmarkDotNet.Attributes;
using Fts.Protocol;

namespace Fts.MicroBench;

/// <summary>Reading and writing the addresses of data connections in commands and replies.</summary>
[MemoryDiagnoser]
public class AddressBenchmarks
{
    private readonly IPEndPoint _ipv4 = IPEndPoint.Parse("192.168.100.17:51234"), _ipv6 = IPEndPoint.Parse("[2001:db8::17]:51234");

    [Benchmark]
    public object Port() =>
        HostPort.TryParse("192,168,100,17,200,34", out IPEndPoint endPoint) ? endPoint : throw new InvalidOperationException();

    [Benchmark]
    public object Eprt() => ParseExtended("|1|192.168.100.17|51234|");

    [Benchmark]
    public object EprtOfIPv6() => ParseExtended("|2|2001:db8::17|51234|");

    [Benchmark]
    public object PasvReply() => ReadReply("Entering Passive Mode (192,168,100,17,200,34).", FtpReplyCode.PassiveMode);

    [Benchmark]
    public int EpsvReply() => ReadReply("Entering Extended Passive Mode (|||51234|)", FtpReplyCode.ExtendedPassiveMode).Port;

    [Benchmark]
    public string FormatPasv() => HostPort.Format(_ipv4);

    [Benchmark]
    public string FormatEprt() => HostPort.FormatExtended(_ipv6);

    private static IPEndPoint ParseExtended(string argument) =>
        HostPort.TryParseExtended(argument, out IPEndPoint endPoint, out _) ? endPoint : throw new InvalidOperationException();

    private static PassiveEndPoint ReadReply(string line, FtpReplyCode code) =>
        PassiveReply.TryRead(line, code, out PassiveEndPoint endPoint) ? endPoint : throw new InvalidOperationException();
}
