using Fts.Accounts.Events;
using Fts.Cli;
using Fts.ProgramTests.Support;
using Fts.Serving.Delivery;

namespace Fts.ProgramTests.Serving.Delivery;

public sealed class DeliverySettingsTests
{
    [Fact]
    public void Without_options_nothing_is_delivered()
    {
        DeliverySettings settings = Parse();
        Assert.False(settings.IsOn);
        Assert.Empty(settings.TargetNames);
        Assert.Null(settings.CheckFiles([]));
    }

    [Fact]
    public void The_words_of_a_program_are_an_argument_vector()
    {
        DeliverySettings settings = Parse(
            "--events", "--on-event", "/usr/local/bin/scan", "--on-event=--fast", "--on-event", "a b", "--on-event-timeout", "5m",
            "--event-type", "uploaded", "--event-type", "deleted", "--event-attempts", "7");
        Assert.Equal(["/usr/local/bin/scan", "--fast", "a b"], settings.Command);
        Assert.Equal(TimeSpan.FromMinutes(5), settings.TimeLimit);
        Assert.Equal([EventType.Uploaded, EventType.Deleted], settings.Types);
        Assert.Equal(7, settings.MaxAttempts);
        Assert.Equal(["program"], settings.TargetNames);
        Assert.Equal(["/usr/local/bin/scan"], settings.Files);
    }

    [Fact]
    public void The_secret_of_a_web_hook_is_the_first_line_of_its_file_and_the_address_is_shown_without_its_query()
    {
        using var folder = new TestFolder();
        folder.Write("secret", "0123456789abcdef\n");
        DeliverySettings settings = Parse(
            "--events", "--webhook", "https://hooks.example.com/fts?key=1", "--webhook-secret-file", folder["secret"]);
        Assert.Equal("0123456789abcdef"u8.ToArray(), settings.CheckFiles([]));
        Assert.Equal(["https://hooks.example.com/fts"], settings.Descriptions);
        Assert.Equal(["webhook"], settings.TargetNames);
        Assert.Equal([folder["secret"]], settings.Files);
        folder.Write("secret", "short\n");
        Assert.Contains("must have 16 to 4096 characters", Assert.Throws<UserErrorException>(() => settings.CheckFiles([])).Error.Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--on-event needs --events", "--on-event", "/bin/true")]
    [InlineData("--webhook needs --events", "--webhook", "https://a.example")]
    [InlineData("--on-event scan: must be the path of a program, such as /usr/local/bin/scan", "--events", "--on-event", "scan")]
    [InlineData("--webhook: must be a URL with http or https, and without a user name", "--events", "--webhook", "ftp://a")]
    [InlineData(
        "--webhook: must be a URL with http or https, and without a user name", "--events", "--webhook", "http://u:p@a")]
    [InlineData("--event-type needs --on-event or --webhook", "--events", "--event-type", "login")]
    [InlineData("--event-attempts needs --on-event or --webhook", "--events", "--event-attempts", "3")]
    [InlineData("--on-event-timeout needs --on-event", "--events", "--webhook", "http://a", "--on-event-timeout", "5s")]
    [InlineData("--webhook-secret-file needs --webhook", "--events", "--on-event", "/bin/true", "--webhook-secret-file", "/x")]
    [InlineData(
        "--event-attempts 0: must be a whole number from 1 to 1000000", "--events", "--on-event", "/bin/true", "--event-attempts", "0")]
    public void An_invalid_setting_is_a_usage_error(string message, params string[] options)
    {
        UserError error = Assert.Throws<UserErrorException>(() => Parse(options)).Error;
        Assert.Equal(ExitCode.UsageError, error.ExitCode);
        Assert.Equal(message, error.Message);
    }

    [Fact]
    public void The_error_of_an_unknown_type_lists_the_types() => Assert.StartsWith(
        "--event-type upload: must be login, login_failed, uploaded, ",
        Assert.Throws<UserErrorException>(() => Parse("--events", "--on-event", "/bin/true", "--event-type", "upload")).Error.Message,
        StringComparison.Ordinal);

    [Fact]
    public void A_program_that_does_not_exist_or_is_not_executable_is_an_error()
    {
        using var folder = new TestFolder();
        folder.Write("script", "");
        Assert.Equal(
            $"--on-event {folder["script"]}: the file is not executable",
            Assert.Throws<UserErrorException>(() => Parse("--events", "--on-event", folder["script"]).CheckFiles([])).Error.Message);
        Assert.Equal(
            $"--on-event {folder["missing"]}: no such file",
            Assert.Throws<UserErrorException>(() => Parse("--events", "--on-event", folder["missing"]).CheckFiles([])).Error.Message);
    }

    [Fact]
    public void A_program_or_script_that_the_server_can_write_is_an_error()
    {
        using var folder = new TestFolder();
        using var served = new TestFolder();
        string script = served["hook.py"], link = folder["link"];
        File.WriteAllText(script, "");
        File.CreateSymbolicLink(link, script);
        File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        string[][] commands = [[script], [link], ["/bin/sh", script], ["/bin/sh", link]];
        foreach (string[] command in commands)
        {
            DeliverySettings settings = Parse(["--events", .. command.SelectMany(word => new[] { "--on-event", word })]);
            Assert.Equal(
                $"--on-event {command[^1]}: the file is in {served.Path}, which the server can write; move it to another folder",
                Assert.Throws<UserErrorException>(() => settings.CheckFiles([served.Path])).Error.Message);
            Assert.Null(settings.CheckFiles([folder["other"]]));
        }
    }

    private static DeliverySettings Parse(params string[] options) =>
        DeliverySettings.Parse(new CommandLine(ServerCommand.Definition, options));
}
