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
    private const int Sequences = 10_000, StepsEach = 14, SequencesPerSession = 100, MinVerbReplyPairs = 95;

    /// <summary>The seed of the sequences. A failure reports it.</summary>
    private static readonly int Seed = int.TryParse(
        Environment.GetEnvironmentVariable("FTS_MODEL_SEED"), NumberStyles.None, CultureInfo.InvariantCulture, out int seed) ? seed : 20;

    [Fact]
    public async Task Ten_thousand_random_sequences_match_the_model()
    {
        var occurred = new HashSet<string>();
        for (int first = 0; first < Sequences; first += SequencesPerSession)
        {
            Wire wire = first / SequencesPerSession % 4 == 0 ? Wire.Kernel : Wire.IPv4;
            await using Run run = await Run.StartAsync(wire);
            for (int i = first; i < first + SequencesPerSession; i++)
            {
                Step[] steps = Steps.Sequence(new Random(Seed + i), StepsEach);
                if (await run.FindDifferenceAsync(steps, occurred) is { } difference)
                {
                    (steps, difference) = await ShortenAsync(wire, steps, difference);
                    Assert.Fail($"Seed {Seed}, sequence {i}, {wire}: {difference}\n{string.Join('\n', steps.AsEnumerable())}");
                }
            }
        }

        // Each verb must have occurred with its replies: sequences that always fail would prove nothing.
        Assert.True(occurred.Count >= MinVerbReplyPairs,
            $"Only {occurred.Count} pairs of verb and reply occurred: {string.Join(", ", occurred.Order(StringComparer.Ordinal))}");
    }

    /// <summary>Removes steps as long as the remaining sequence still shows a difference.</summary>
    private static async Task<(Step[] Steps, string Difference)> ShortenAsync(Wire wire, Step[] steps, string difference)
    {
        for (int i = steps.Length - 1; i >= 0; i--)
        {
            Step[] shorter = [.. steps[..i], .. steps[(i + 1)..]];
            await using Run run = await Run.StartAsync(wire);
            if (await run.FindDifferenceAsync(shorter) is { } still)
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
        private readonly Conversation _client;

        private Run(TestServer server, Conversation client) => (_server, _client) = (server, client);

        public static async Task<Run> StartAsync(Wire wire)
        {
            var server =
                new TestServer(
                    wire, configure: options => options with { MaxFailedLogins = int.MaxValue, MaxUnknownCommands = int.MaxValue });
            Conversation client = await server.ConnectAsync();
            client.ConnectsLate = true;
            await client.ReadReplyAsync();
            return new Run(server, client);
        }

        /// <summary>Runs the steps after a new login on an empty store. Returns null if everything matches the model.</summary>
        public async Task<string?> FindDifferenceAsync(Step[] steps, HashSet<string>? occurred = null)
        {
            await _client.SendAndReadReplyAsync("REIN");
            await ClearAsync();
            var model = new SessionModel();
            foreach (Step step in steps)
            {
                bool startsUpload = model.StartsUpload(step);
                ExpectedReply expected = model.Apply(step);
                string? difference = startsUpload ? await UploadAsync(step, expected) : await SendAsync(step, expected);
                if (difference is not null)
                {
                    return $"{step}: {difference}";
                }

                occurred?.Add($"{step.Verb} {string.Join('-', expected.Codes)}");
            }

            string[] files = [.. (await ReadTreeAsync(StorePath.Root)).Order(StringComparer.Ordinal)];
            string[] expectedFiles = [.. model.Tree.Lines.Order(StringComparer.Ordinal)];
            return files.SequenceEqual(expectedFiles) ? null
                : $"files are [{string.Join(", ", files)}], not [{string.Join(", ", expectedFiles)}]";
        }

        public async ValueTask DisposeAsync()
        {
            await _client.DisposeAsync();
            await _server.DisposeAsync();
        }

        private async Task<string?> SendAsync(Step step, ExpectedReply expected)
        {
            string[] reply = await _client.SendAndReadReplyAsync(step.Line);
            if (FindReplyDifference(reply, expected.Codes[0], expected.Codes.Length == 1 ? expected.Text : null) is { } difference)
            {
                return difference;
            }

            if (expected.Data is null)
            {
                return null;
            }

            string data = Encoding.UTF8.GetString(await _client.Data!.ReadToEndAsync());
            _client.CloseData();
            return data == expected.Data ? FindReplyDifference(await _client.ReadReplyAsync(), expected.Codes[1], null)
                : $"data is '{data}', not '{expected.Data}'";
        }

        private async Task<string?> UploadAsync(Step step, ExpectedReply expected)
        {
            byte[] content = Encoding.UTF8.GetBytes(step.Content);
            int half = content.Length / 2;
            await _client.SendAsync(step.Line);
            await _client.Data!.ConnectAsync();
            if (FindReplyDifference(await _client.ReadReplyAsync(), 150, null) is { } rejection)
            {
                return rejection;
            }

            await _client.Data.SendAsync(content.AsMemory(0, half));
            if (step.End is UploadEnd.Abort or UploadEnd.Reset)
            {
                // The partial upload contains the received bytes.
                string status;
                do
                {
                    status = string.Join('\n', await _client.SendAndReadReplyAsync("STAT"));
                }
                while (status.Contains("Transfer in progress, ", StringComparison.Ordinal)
                    && !status.Contains($"Transfer in progress, {half} ", StringComparison.Ordinal));
            }

            switch (step.End)
            {
                case UploadEnd.Abort:
                    await _client.SendAsync("ABOR");
                    break;
                case UploadEnd.Reset:
                    _client.Data.Reset();
                    break;
                case UploadEnd.CompleteAfterStatus:
                    await _client.SendAsync("STAT");
                    await _client.SendAsync("NOOP");
                    break;
            }

            int next = 1;
            for (; next < expected.Codes.Length - (step.End is UploadEnd.Abort ? 0 : 1); next++)
            {
                if (FindReplyDifference(await _client.ReadReplyAsync(), expected.Codes[next], null) is { } difference)
                {
                    return difference;
                }
            }

            if (step.End is UploadEnd.Whole or UploadEnd.CompleteAfterStatus)
            {
                await _client.Data.SendAsync(content.AsMemory(half));
            }

            _client.CloseData();
            return next == expected.Codes.Length ? null : FindReplyDifference(await _client.ReadReplyAsync(), expected.Codes[next], null);
        }

        private static string? FindReplyDifference(string[] reply, int code, string? text) =>
            !reply[^1].StartsWith(code.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
                ? $"reply is '{reply[^1]}', not {code}"
            : text is not null && !reply[^1].Contains(text, StringComparison.Ordinal)
                ? $"reply is '{reply[^1]}', which does not contain {text}"
            : null;

        private async Task<List<string>> ReadTreeAsync(StorePath directory)
        {
            var lines = new List<string>();
            await foreach (FileEntry entry in await _server.Store.ListAsync(directory, CancellationToken.None))
            {
                StorePath path = directory.Resolve(entry.Name)!.Value;
                if (entry.Kind == EntryKind.Directory)
                {
                    lines.Add(path.Value + "/");
                    lines.AddRange(await ReadTreeAsync(path));
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
            foreach (string line in (await ReadTreeAsync(StorePath.Root)).OrderByDescending(line => line.Length))
            {
                StorePath path = StorePath.Root.Resolve(line.Split('=')[0])!.Value;
                await (line.EndsWith('/') ? _server.Store.DeleteDirectoryAsync(path, CancellationToken.None)
                    : _server.Store.DeleteFileAsync(path, CancellationToken.None));
            }
        }
    }
}
