using System.Globalization;
using System.Text;
using Fts.Server.Tests.Support;
using Fts.Storage;

namespace Fts.Server.Tests.Model;

/// <summary>
/// Runs random sequences of commands on the server and on <see cref="SessionModel"/> and compares replies, data and files, so that no state
/// leaks between commands. A sequence with a difference is shortened as far as possible.
/// </summary>
public sealed class ModelTests
{
    private const int Sequences = 10_000, StepsEach = 14, SequencesPerSession = 100, LeastMet = 95;

    /// <summary>The seed of the sequences. A failure reports it.</summary>
    private static readonly int Seed = int.TryParse(
        Environment.GetEnvironmentVariable("FTS_MODEL_SEED"), NumberStyles.None, CultureInfo.InvariantCulture, out int seed) ? seed : 20;

    [Fact]
    public async Task Ten_thousand_random_sequences_match_the_model()
    {
        var met = new HashSet<string>();
        for (int first = 0; first < Sequences; first += SequencesPerSession)
        {
            Wire wire = first / SequencesPerSession % 4 == 0 ? Wire.Kernel : Wire.IPv4;
            await using Run run = await Run.StartAsync(wire);
            for (int i = first; i < first + SequencesPerSession; i++)
            {
                Step[] steps = Steps.Sequence(new Random(Seed + i), StepsEach);
                if (await run.DifferenceAsync(steps, met) is { } difference)
                {
                    (steps, difference) = await ShortenAsync(wire, steps, difference);
                    Assert.Fail($"Seed {Seed}, sequence {i}, {wire}: {difference}\n{string.Join('\n', steps.AsEnumerable())}");
                }
            }
        }

        // Each verb must have occurred with its replies: sequences that always fail would prove nothing.
        Assert.True(met.Count >= LeastMet,
            $"Only {met.Count} pairs of verb and reply occurred: {string.Join(", ", met.Order(StringComparer.Ordinal))}");
    }

    /// <summary>Removes steps as long as the remaining sequence still shows a difference.</summary>
    private static async Task<(Step[] Steps, string Difference)> ShortenAsync(Wire wire, Step[] steps, string difference)
    {
        for (int i = steps.Length - 1; i >= 0; i--)
        {
            Step[] shorter = [.. steps[..i], .. steps[(i + 1)..]];
            await using Run run = await Run.StartAsync(wire);
            if (await run.DifferenceAsync(shorter) is { } still)
            {
                (steps, difference) = (shorter, still);
            }
        }

        return (steps, difference);
    }

    /// <summary>One server with one connection.</summary>
    private sealed class Run : IAsyncDisposable
    {
        private readonly TestServer _server;
        private readonly Conversation _talk;

        private Run(TestServer server, Conversation talk) => (_server, _talk) = (server, talk);

        public static async Task<Run> StartAsync(Wire wire)
        {
            var server =
                new TestServer(wire, with: options => options with { MaxFailedLogins = int.MaxValue, MaxUnknownCommands = int.MaxValue });
            Conversation talk = await server.ConnectAsync();
            talk.ConnectsLate = true;
            await talk.ReadReplyAsync();
            return new Run(server, talk);
        }

        /// <summary>Runs the steps after a new login on an empty store. Returns null if everything matches the model.</summary>
        public async Task<string?> DifferenceAsync(Step[] steps, HashSet<string>? met = null)
        {
            await _talk.SendAndReadReplyAsync("REIN");
            await ClearAsync();
            var model = new SessionModel();
            foreach (Step step in steps)
            {
                bool uploads = model.Uploads(step);
                ExpectedReply expected = model.Apply(step);
                string? difference = uploads ? await UploadAsync(step, expected) : await AskAsync(step, expected);
                if (difference is not null)
                {
                    return $"{step}: {difference}";
                }

                met?.Add($"{step.Verb} {string.Join('-', expected.Codes)}");
            }

            string[] files = [.. (await LinesAsync(StorePath.Root)).Order(StringComparer.Ordinal)];
            string[] wanted = [.. model.Tree.Lines.Order(StringComparer.Ordinal)];
            return files.SequenceEqual(wanted) ? null : $"files are [{string.Join(", ", files)}], not [{string.Join(", ", wanted)}]";
        }

        public async ValueTask DisposeAsync()
        {
            await _talk.DisposeAsync();
            await _server.DisposeAsync();
        }

        private async Task<string?> AskAsync(Step step, ExpectedReply expected)
        {
            string[] reply = await _talk.SendAndReadReplyAsync(step.Line);
            if (Differs(reply, expected.Codes[0], expected.Codes.Length == 1 ? expected.Text : null) is { } difference)
            {
                return difference;
            }

            if (expected.Data is null)
            {
                return null;
            }

            string data = Encoding.UTF8.GetString(await _talk.Data!.ReadToEndAsync());
            _talk.CloseData();
            return data == expected.Data ? Differs(await _talk.ReadReplyAsync(), expected.Codes[1], null)
                : $"data is '{data}', not '{expected.Data}'";
        }

        private async Task<string?> UploadAsync(Step step, ExpectedReply expected)
        {
            byte[] content = Encoding.UTF8.GetBytes(step.Content);
            int half = content.Length / 2;
            await _talk.SendAsync(step.Line);
            await _talk.Data!.ConnectAsync();
            if (Differs(await _talk.ReadReplyAsync(), 150, null) is { } refused)
            {
                return refused;
            }

            await _talk.Data.SendAsync(content.AsMemory(0, half));
            if (step.End is UploadEnd.Abort or UploadEnd.Reset)
            {
                // The partial upload contains the received bytes.
                string status;
                do
                {
                    status = string.Join('\n', await _talk.SendAndReadReplyAsync("STAT"));
                }
                while (status.Contains("Transfer in progress, ", StringComparison.Ordinal)
                    && !status.Contains($"Transfer in progress, {half} ", StringComparison.Ordinal));
            }

            switch (step.End)
            {
                case UploadEnd.Abort:
                    await _talk.SendAsync("ABOR");
                    break;
                case UploadEnd.Reset:
                    _talk.Data.Reset();
                    break;
                case UploadEnd.WholeAfterQuestions:
                    await _talk.SendAsync("STAT");
                    await _talk.SendAsync("NOOP");
                    break;
            }

            int next = 1;
            for (; next < expected.Codes.Length - (step.End is UploadEnd.Abort ? 0 : 1); next++)
            {
                if (Differs(await _talk.ReadReplyAsync(), expected.Codes[next], null) is { } difference)
                {
                    return difference;
                }
            }

            if (step.End is UploadEnd.Whole or UploadEnd.WholeAfterQuestions)
            {
                await _talk.Data.SendAsync(content.AsMemory(half));
            }

            _talk.CloseData();
            return next == expected.Codes.Length ? null : Differs(await _talk.ReadReplyAsync(), expected.Codes[next], null);
        }

        private static string? Differs(string[] reply, int code, string? text) =>
            !reply[^1].StartsWith(code.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
                ? $"answered '{reply[^1]}', not {code}"
            : text is not null && !reply[^1].Contains(text, StringComparison.Ordinal)
                ? $"answered '{reply[^1]}', which does not tell {text}"
            : null;

        private async Task<List<string>> LinesAsync(StorePath folder)
        {
            var lines = new List<string>();
            await foreach (FileEntry entry in await _server.Store.ListAsync(folder, CancellationToken.None))
            {
                StorePath path = folder.Resolve(entry.Name)!.Value;
                if (entry.Kind == EntryKind.Directory)
                {
                    lines.Add(path.Value + "/");
                    lines.AddRange(await LinesAsync(path));
                }
                else
                {
                    lines.Add($"{path.Value}={await _server.ReadAsync(path.Value)}");
                }
            }

            return lines;
        }

        private async Task ClearAsync()
        {
            _server.ClearSuppressedPartialSizes();
            await _server.Store.SweepPartialUploadsAsync(DateTime.MaxValue, CancellationToken.None);
            foreach (string line in (await LinesAsync(StorePath.Root)).OrderByDescending(line => line.Length))
            {
                StorePath path = StorePath.Root.Resolve(line.Split('=')[0])!.Value;
                await (line.EndsWith('/') ? _server.Store.DeleteDirectoryAsync(path, CancellationToken.None)
                    : _server.Store.DeleteFileAsync(path, CancellationToken.None));
            }
        }
    }
}
