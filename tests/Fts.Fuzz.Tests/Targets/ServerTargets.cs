using Fts.FuzzTests.Engine;
using Fts.Protocol;
using Fts.Server;
using Fts.Server.Commands;
using Fts.Server.Hashing;
using Fts.Server.Listings;
using Fts.Server.Sessions;
using Fts.Server.Tls;
using Fts.Storage;

namespace Fts.FuzzTests.Targets;

/// <summary>What the server reads beyond the words of the protocol: arguments that its handlers take apart, and its own TLS handshakes.</summary>
internal static class ServerTargets
{
    private delegate ValueTask<FtpReply> Handler(Session session, string argument, CancellationToken cancellationToken);

    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        new("server-hello", Hello),
        new("proxy-header", Header) { Refusal = typeof(ProxyHeaderException) },
        FuzzTarget.OfText("hash-argument", Hash),
        Argument("rest", ParameterCommands.RestartAsync),
        Argument("rang", ParameterCommands.RangeAsync),
        Argument("allo", ParameterCommands.AllocateAsync),
        Argument("opts", OptionCommands.OptionsAsync),
        Argument("mfmt", MetadataCommands.SetLastModifiedAsync),
        Argument("mff", MetadataCommands.SetFactsAsync),
        Argument("site-utime", MetadataCommands.SetTimeAsync),
        Argument("site-chmod", MetadataCommands.SetModeAsync),
        Argument("list-argument", async (session, argument, cancellationToken) => await ListSelection.OpenAsync(session, argument, cancellationToken) is null ? Replies.BadName : Replies.CommandOkay),
    ];

    /// <summary>A handler's argument, as its line brings it. What the store says is its refusal: nothing is there.</summary>
    private static FuzzTarget Argument(string name, Handler handler)
    {
        var session = new SessionFixture();
        return FuzzTarget.OfText(name, text =>
        {
            if (text.Length <= session.Value.Server.Options.MaxLineLength && !text.AsSpan().ContainsAny('\r', '\n'))
            {
                session.Value.Sequence.Next = SequenceParameters.None;
                ValueTask<FtpReply> reply = handler(session.Value, text, CancellationToken.None);
                FuzzAssert.True(reply.IsCompleted, "what is not there is not waited for");
                FtpReply told = reply.GetAwaiter().GetResult();
                SequenceParameters left = session.Value.Sequence.Next;
                FuzzAssert.True(told.IsCompletion || told.IsIntermediate || left == SequenceParameters.None, "a refused argument leaves nothing behind");
                FuzzAssert.True(left.RestartOffset >= 0 && left.RangeEnd is not < 0 && left.AnnouncedLength is not < 0, "offsets and lengths are not negative");
                FuzzAssert.True(left.RangeEnd is not { } last || (last >= left.RestartOffset && last < long.MaxValue), "a range does not end before it starts");
            }
        }) with
        { Weight = 40, BytesPerByte = 512, Refusal = typeof(StoreException), Owned = session };
    }

    private static void Hello(ReadOnlySpan<byte> input)
    {
        Resumption whole = ServerHelloReader.Read(input);
        Resumption part = ServerHelloReader.Read(input[..(input.Length / 2)]);
        FuzzAssert.True(part == Resumption.Unknown || part == whole, "what was decided stays decided");
    }

    private static void Header(ReadOnlySpan<byte> input)
    {
        ProxyHeader? header = ProxyHeader.Parse(input, out int length);
        FuzzAssert.True(header is null || (length > 0 && length <= Math.Min(input.Length, ProxyHeader.MaxLength)), "a header ends within what came");
        FuzzAssert.True(header is not null || input.Length < ProxyHeader.MaxLength, "more is waited for only up to the limit");
        if (header is not null)
        {
            FuzzAssert.Equal(header, ProxyHeader.Parse(input[..length], out int again), "what follows a header changes nothing");
            FuzzAssert.Equal(length, again, "what follows a header is not part of it");
            FuzzAssert.True((header.Source is null) == (header.Destination is null), "both ends are told, or none");
        }
    }

    private static void Hash(string text)
    {
        HashArgument argument = HashArgument.Parse(text);
        FuzzAssert.True(argument.Name.Length <= text.Length && argument.Start >= 0 && argument.End is not < 0, "a name is no longer than its argument, and bounds are not negative");
        FuzzAssert.True(!argument.IsNameOnly || (argument.Name == text && argument.Start == 0 && argument.End is null), "a whole argument is the name");
        HashArgument again = HashArgument.Parse($"{PathQuoting.Quote(argument.Name)} {argument.Start}");
        FuzzAssert.Equal((argument.Name, argument.Start), (again.Name, again.Start), "a quoted name and a start come back");
    }
}
