using System.Globalization;
using System.Text.Json;
using Fts.CrashTests.Support;
using Fts.ProgramTests.Support;

namespace Fts.CrashTests.Delivery;

/// <summary>The published server is killed while it delivers events.</summary>
public sealed class DeliveryKillTests
{
    private const int Kills = 4;

    [Fact]
    public async Task An_event_is_delivered_again_if_the_server_is_killed_before_it_stores_the_delivery()
    {
        using var served = new TestFolder();
        using var data = new TestFolder();
        // The program accepts an event, and then kills the server whose number is in the file, before the server learns of the success.
        data.Write(
            "program",
            $"""
            #!/bin/sh
            cd '{data.Path}'
            cat >> received
            if [ -e server ]; then kill -9 $(cat server); rm server; sleep 1000; fi
            """);
        File.SetUnixFileMode(data["program"], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        string[] options =
        [
            "--state", data["state"], "--events", "--on-event", data["program"], "--event-type", "uploaded", "--anonymous", "write",
        ];
        for (int kill = 0; kill < Kills; kill++)
        {
            await using RunningServer killed = await RunningServer.StartOnFolderAsync(served, [], options);
            using RawFtpClient client = await RawFtpClient.LogInAsync(killed.Port);
            client.AssertReply(await client.UploadAsync($"STOR a{kill}", new byte[9]), "226");
            client.AssertReply(await client.UploadAsync($"STOR b{kill}", new byte[9]), "226");
            await File.WriteAllTextAsync(
                data["server.new"], killed.Program.Id.ToString(CultureInfo.InvariantCulture), TestContext.Current.CancellationToken);
            File.Move(data["server.new"], data["server"]);
            client.AssertReply(await client.UploadAsync($"STOR c{kill}", new byte[9]), "226");
            Assert.Equal(137, await killed.Program.WaitForExitAsync()); // also waits for the runner and its program, which hold the output
        }

        await using RunningServer server = await RunningServer.StartOnFolderAsync(served, [], options);
        string[] expected =
            [.. Enumerable.Range(0, Kills).SelectMany(kill => (string[])[$"/a{kill}", $"/b{kill}", $"/c{kill}"])];
        using var deadline = new CancellationTokenSource(Deadline.Default);
        while (ReadPaths(data["received"]).Distinct().Count() < expected.Length)
        {
            await Task.Delay(20, deadline.Token); // another process writes the file
        }

        string[] received = ReadPaths(data["received"]);
        Assert.Equal(expected, received.Distinct());
        Assert.True(received.Length >= expected.Length + Kills, string.Join(' ', received));
        Assert.Equal(expected, received.Where((path, index) => index == 0 || received[index - 1] != path)); // repeated in place
    }

    /// <summary>Returns the paths of the complete lines.</summary>
    private static string[] ReadPaths(string file)
    {
        string text = File.Exists(file) ? File.ReadAllText(file) : "";
        return
        [
            .. text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(line => JsonDocument.Parse(line).RootElement.GetProperty("path").GetString()!),
        ];
    }
}
