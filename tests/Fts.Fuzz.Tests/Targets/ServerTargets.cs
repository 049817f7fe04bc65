using Fts.FuzzTests.Engine;
using Fts.Protocol;
using Fts.Protocol.Tls;
using Fts.Server;
using Fts.Server.Commands;
using Fts.Server.Hashing;
using Fts.Server.Listings;
using Fts.Server.Sessions;
using Fts.Storage;

namespace Fts.FuzzTests.Targets;

/// <summary>Other input of the server: arguments that its handlers parse, PROXY headers and TLS handshakes.</summary>
internal static class ServerTargets
{
    private delegate ValueTask<FtpReply> Handler(Session session, string argument, CancellationToken cancellationToken);

    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        new("server-hello", CheckServerHello),
        new("proxy-header", CheckProxyHeader) { ExpectedException = typeof(ProxyHeaderException) },
        FuzzTarget.OfText("hash-argument", CheckHash),
        Argument("rest", ParameterCommands.RestartAsync),
        Argument("rang", ParameterCommands.RangeAsync),
        Argument("allo", ParameterCommands.AllocateAsync),
        Argument("opts", OptionCommands.OptionsAsync),
        Argument("mfmt", MetadataCommands.SetLastModifiedAsync),
        Argument("mff", MetadataCommands.SetFactsAsync),
        Argument("site-utime", MetadataCommands.SetTimeAsync),
        Argument("site-chmod", MetadataCommands.SetModeAsync),
        Argument("list-argument", async (session, argument, cancellationToken) => await ListSelection.OpenAsync(
            session, argument, cancellationToken) is null ? Replies.BadName : Replies.CommandOkay),
    ];

    /// <summary>
    /// Creates a target for the argument of a handler. The handler may throw a <see cref="StoreException"/>, because the store is empty.
    /// </summary>
    private static FuzzTarget Argument(string name, Handler handler)
    {
        var session = new SessionFixture();
        return FuzzTarget.OfText(name, text =>
        {
            if (text.Length <= session.Value.Server.Options.MaxLineLength && !text.AsSpan().ContainsAny('\r', '\n'))
            {
                session.Value.Sequence.Next = SequenceParameters.None;
                ValueTask<FtpReply> reply = handler(session.Value, text, CancellationToken.None);
                FuzzAssert.True(reply.IsCompleted, "a handler without a file completes synchronously");
                FtpReply result = reply.GetAwaiter().GetResult();
                SequenceParameters state = session.Value.Sequence.Next;
                FuzzAssert.True(result.IsCompletion || result.IsIntermediate || state == SequenceParameters.None,
                    "a rejected argument does not change the state");
                FuzzAssert.True(state.RestartOffset >= 0 && state.RangeEnd is not < 0 && state.AnnouncedLength is not < 0,
                    "offsets and lengths are not negative");
                FuzzAssert.True(state.RangeEnd is not { } last || (last >= state.RestartOffset && last < long.MaxValue),
                    "a range does not end before it starts");
            }
        }) with
        { Weight = 40, BytesPerByte = 512, ExpectedException = typeof(StoreException), Owned = session };
    }

    private static void CheckServerHello(ReadOnlySpan<byte> input)
    {
        TlsResumption whole = ServerHelloReader.Read(input);
        TlsResumption part = ServerHelloReader.Read(input[..(input.Length / 2)]);
        FuzzAssert.True(part == TlsResumption.Unknown || part == whole, "more input does not change a decision");
    }

    private static void CheckProxyHeader(ReadOnlySpan<byte> input)
    {
        ProxyHeader? header = ProxyHeader.Parse(input, out int length);
        FuzzAssert.True(header is null ||
            (length > 0 && length <= Math.Min(input.Length, ProxyHeader.MaxLength)), "a header is not longer than the input");
        FuzzAssert.True(header is not null || input.Length < ProxyHeader.MaxLength, "an incomplete header is shorter than the limit");
        if (header is not null)
        {
            FuzzAssert.Equal(header, ProxyHeader.Parse(input[..length], out int again), "bytes after a header do not change it");
            FuzzAssert.Equal(length, again, "bytes after a header are not part of it");
            FuzzAssert.True((header.Source is null) == (header.Destination is null), "a header has both addresses or none");
        }
    }

    private static void CheckHash(string text)
    {
        HashArgument argument = HashArgument.Parse(text);
        FuzzAssert.True(argument.Name.Length <= text.Length && argument.Start >= 0 &&
            argument.End is not < 0, "a name is not longer than its argument, and offsets are not negative");
        FuzzAssert.True(!argument.IsNameOnly ||
            (argument.Name == text && argument.Start == 0 && argument.End is null), "an argument without a range is the name");
        HashArgument again = HashArgument.Parse($"{PathQuoting.Quote(argument.Name)} {argument.Start}");
        FuzzAssert.Equal((argument.Name, argument.Start), (again.Name, again.Start), "a quoted name and an offset survive the round trip");
    }
}
