using System.Text.Json;
using Fts.ProgramTests.Support;

namespace Fts.ProgramTests.EndToEnd.Transfers;

/// <summary>The lines of <c>--json</c>: each agrees with docs/client-output.schema.json, and the last one has the exit code.</summary>
public sealed class JsonOutputTests : IAsyncLifetime
{
    private static readonly JsonElement Schema =
        JsonDocument.Parse(File.ReadAllText(Path.Combine(Repository.Root, "docs", "client-output.schema.json"))).RootElement;

    private readonly TestFolder _folder = new();
    private RunningServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await RunningServer.StartAsync();
        Directory.CreateDirectory(_server.Folder["sub"]);
        _server.Folder.Write("a.txt", "abc");
        _server.Folder.Write("b.txt", "b");
        _server.Folder.Write("sub/c", "c");
        _folder.Write("up", "upload");
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(0, "start entry entry entry result", "ls", "{url}")]
    [InlineData(0, "start entry result", "stat", "{url}a.txt")]
    [InlineData(0, "start transfer result", "get", "{url}a.txt")]
    [InlineData(0, "start transfer transfer result", "get", "{url}*.txt")]
    [InlineData(9, "start transfer transfer result", "get", "{url}a.txt", "{url}none")]
    [InlineData(6, "start result", "get", "{url}none")]
    [InlineData(0, "start transfer result", "put", "up", "{url}")]
    [InlineData(0, "start change change result", "rm", "{url}*.txt", "--dry-run")]
    [InlineData(2, "start result", "rm", "{url}*.txt")]
    [InlineData(0, "start change result", "mv", "{url}a.txt", "{url}new")]
    [InlineData(0, "start change result", "mkdir", "{url}new")]
    [InlineData(1, "start result", "rmdir", "{url}sub")]
    [InlineData(2, "start result", "ls", "--unknown")]
    [InlineData(2, "start result", "get", "{url}a.txt", "-o", "-")]
    [InlineData(2, "start result", "get")]
    [InlineData(3, "start result", "ls", "ftp://127.0.0.1:1/")]
    [InlineData(2, "start result", "doctor")]
    [InlineData(3, "start check check result", "doctor", "127.0.0.1:1")]
    public async Task Each_line_agrees_with_the_schema_and_the_last_has_the_exit_code(
        int expected, string types, params string[] arguments)
    {
        (int code, string data, string messages) = await RunningProgram.RunAsync(
            _folder.Path, [.. arguments.Select(argument => argument.Replace("{url}", Url, StringComparison.Ordinal)), "--json"]);
        Assert.True(code == expected, messages);
        JsonElement[] lines = Parse(data);
        Assert.Equal(types, string.Join(' ', lines.Select(GetType).Where(type => type != "progress")));
        JsonElement result = lines[^1];
        Assert.Equal(expected, result.GetProperty("exitCode").GetInt32());
        Assert.Equal(expected != 0, result.TryGetProperty("error", out _));
        Assert.Equal("fts-client-output-1", lines[0].GetProperty("schema").GetString());
    }

    [Fact]
    public async Task An_interrupted_command_ends_with_its_result()
    {
        var isSending = new TaskCompletionSource();
        using ScriptedServer server = ScriptedServer.Start(new() { ["SIZE"] = "213 100" }, new()
        {
            ["RETR"] = async stream =>
            {
                await stream.WriteAsync("hello"u8.ToArray());
                isSending.SetResult();
                _ = await stream.ReadAsync(new byte[1]);
            },
        });
        await using RunningProgram program =
            RunningProgram.Start(_folder.Path, ["get", $"ftp://127.0.0.1:{server.Port}/file", "--tls", "off", "--json"]);
        await isSending.Task.WaitAsync(Deadline.Default, TestContext.Current.CancellationToken);
        await program.WaitForOutputAsync("transferring");
        program.SendSignal(2);
        Assert.Equal(130, await program.WaitForExitAsync());
        JsonElement result = Parse(program.Data)[^1];
        Assert.Equal(("result", 130), (GetType(result), result.GetProperty("exitCode").GetInt32()));
    }

    [Fact]
    public async Task A_repetition_is_a_line()
    {
        using ScriptedServer server = ScriptedServer.Start(new() { ["RETR"] = "450 busy" }, []);
        (_, string data, _) = await RunningProgram.RunAsync(
            _folder.Path,
            ["get", $"ftp://127.0.0.1:{server.Port}/file", "--tls", "off", "--json", "--retries", "2", "--retry-delay", "0"]);
        JsonElement retry = Assert.Single(Parse(data), line => GetType(line) == "retry");
        Assert.Equal((2, 2), (retry.GetProperty("attempt").GetInt32(), retry.GetProperty("attempts").GetInt32()));
    }

    private string Url => $"ftp://127.0.0.1:{_server.PortText}/";

    private static string GetType(JsonElement line) => line.GetProperty("type").GetString()!;

    private static JsonElement[] Parse(string data)
    {
        JsonElement[] lines = [.. data.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonElement.Parse(line))];
        foreach (JsonElement line in lines)
        {
            Check(line, Schema.GetProperty("$defs").GetProperty(GetType(line)));
        }

        return lines;
    }

    /// <summary>Checks the keywords that the schema uses. Rejects a property that the schema does not describe.</summary>
    private static void Check(JsonElement value, JsonElement schema)
    {
        if (schema.TryGetProperty("$ref", out JsonElement reference))
        {
            Check(value, Schema.GetProperty("$defs").GetProperty(reference.GetString()!.Split('/')[^1]));
            return;
        }

        if (schema.TryGetProperty("const", out JsonElement constant))
        {
            Assert.Equal(constant.GetString(), value.GetString());
        }

        if (schema.TryGetProperty("enum", out JsonElement choices))
        {
            Assert.Contains(value.GetString(), choices.EnumerateArray().Select(choice => choice.GetString()));
        }

        if (schema.TryGetProperty("type", out JsonElement type))
        {
            string kind = value.ValueKind switch
            {
                JsonValueKind.String => "string",
                JsonValueKind.Object => "object",
                JsonValueKind.True or JsonValueKind.False => "boolean",
                _ when type.GetString() == "integer" && value.TryGetInt64(out _) => "integer",
                _ => "number",
            };
            Assert.Equal(type.GetString(), kind);
        }

        if (schema.TryGetProperty("minimum", out JsonElement minimum))
        {
            Assert.True(value.GetDouble() >= minimum.GetDouble());
        }

        if (schema.TryGetProperty("properties", out JsonElement properties))
        {
            Assert.All(
                schema.GetProperty("required").EnumerateArray(), name => Assert.True(value.TryGetProperty(name.GetString()!, out _)));
            foreach (JsonProperty property in value.EnumerateObject())
            {
                Assert.True(properties.TryGetProperty(property.Name, out JsonElement rule), $"{property.Name} is not in the schema");
                Check(property.Value, rule);
            }
        }
    }
}
