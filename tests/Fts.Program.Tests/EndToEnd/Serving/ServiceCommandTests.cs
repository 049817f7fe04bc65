using Fts.ProgramTests.Support;

namespace Fts.ProgramTests.EndToEnd.Serving;

/// <summary>Tests of <c>fts service</c> with a script in place of systemctl, for a service of a user.</summary>
public sealed class ServiceCommandTests : IDisposable
{
    private readonly TestFolder _folder = new(), _settings = new(), _tools = new();

    public ServiceCommandTests() => UseSystemctl("echo \"$@\" >> \"$(dirname \"$0\")/calls\"");

    private string UnitFile => _settings["systemd/user/fts.service"];

    private string ConfigurationFile => _settings["fts/fts.json"];

    private string[] Calls => File.Exists(_tools["calls"]) ? File.ReadAllLines(_tools["calls"]) : [];

    public void Dispose()
    {
        _folder.Dispose();
        _settings.Dispose();
        _tools.Dispose();
    }

    [Fact]
    public async Task Install_writes_and_starts_the_service_and_uninstall_removes_it()
    {
        (int code, string data, string messages) = await RunAsync("install", "--user", "--folder", _folder.Path);
        Assert.Equal((0, ""), (code, data));
        Assert.Contains($"started fts.service on 0.0.0.0:2121; settings are in {ConfigurationFile}\n", messages, StringComparison.Ordinal);
        Assert.Equal(["--user daemon-reload", "--user enable --now fts.service"], Calls);
        string unit = File.ReadAllText(UnitFile);
        Assert.Contains($" server --config \"{ConfigurationFile}\"\n", unit, StringComparison.Ordinal);
        Assert.Contains($"\"folder\": \"{_folder.Path}\"", File.ReadAllText(ConfigurationFile), StringComparison.Ordinal);

        // The written file is valid, and a second installation keeps it.
        Assert.Equal(0, (await RunningProgram.RunAsync(_folder.Path, ["config", "check", "--config", ConfigurationFile])).Code);
        string edited = File.ReadAllText(ConfigurationFile).Replace("2121", "2122", StringComparison.Ordinal);
        File.WriteAllText(ConfigurationFile, edited);
        Assert.Equal(0, (await RunAsync("install", "--user", "--socket")).Code);
        Assert.Equal(edited, File.ReadAllText(ConfigurationFile));
        Assert.Contains(
            "\nListenStream=0.0.0.0:2122\n", File.ReadAllText(_settings["systemd/user/fts.socket"]), StringComparison.Ordinal);

        // systemd opens the port only after the running service has closed it.
        Assert.Equal(
            ["--user daemon-reload", "--user stop fts.service", "--user enable --now fts.socket fts.service"], Calls[2..]);

        (code, _, messages) = await RunAsync("uninstall", "--user");
        Assert.Equal(0, code);
        Assert.Equal(["--user disable --now fts.socket fts.service", "--user daemon-reload"], Calls[^2..]);
        Assert.Equal($"removed the service; {ConfigurationFile} and the shared files stay\n", messages);
        Assert.Empty(Directory.GetFiles(_settings["systemd/user"]));
        Assert.True(File.Exists(ConfigurationFile));
    }

    [Fact]
    public async Task A_second_installation_without_the_socket_removes_it_and_names_the_restart()
    {
        Assert.Equal(0, (await RunAsync("install", "--user", "--socket", "--folder", _folder.Path)).Code);
        string[] earlier = Calls;
        (int code, _, string messages) = await RunAsync("install", "--user");
        Assert.Equal(0, code);
        string restart = "\nif it was running before, restart it to apply the changes: systemctl --user restart fts\n";
        Assert.Contains(restart, messages, StringComparison.Ordinal);
        Assert.Equal(
            ["--user disable --now fts.socket fts.service", "--user daemon-reload", "--user enable --now fts.service"],
            Calls[earlier.Length..]);
        Assert.False(File.Exists(_settings["systemd/user/fts.socket"]));
    }

    [Fact]
    public async Task A_dry_run_prints_the_steps_and_changes_nothing()
    {
        (int code, string data, string messages) = await RunAsync("install", "--dry-run", "--port", "2121", "--config", "new.json");
        Assert.Equal((0, ""), (code, messages));
        Assert.Contains("## write /etc/sysusers.d/fts.conf\n", data, StringComparison.Ordinal);
        Assert.Contains("\nu fts - \"fts FTP server\" /var/lib/fts\n", data, StringComparison.Ordinal);
        Assert.Contains($"## write {_folder["new.json"]}\n", data, StringComparison.Ordinal);
        Assert.Contains("  \"port\": 2121,\n  \"folder\": \"/var/lib/fts-files\",\n", data, StringComparison.Ordinal);
        Assert.Contains("## write /etc/systemd/system/fts.service\n", data, StringComparison.Ordinal);
        Assert.EndsWith("## run systemctl daemon-reload\n## run systemctl enable --now fts.service\n", data, StringComparison.Ordinal);
        Assert.Empty(Calls);
        Assert.Empty(_folder.Names);
    }

    [Fact]
    public async Task The_unit_has_the_folders_of_the_accounts_and_the_started_path_of_the_program()
    {
        Directory.CreateDirectory(_folder["homes/ann"]);
        (string, string?) state = ("FTS_STATE", _folder["state"]);
        string[] add = ["user", "add", "ann", "--home", _folder["homes/ann"], "--mount", $"/in={_tools.Path}", "--no-password"];
        Assert.Equal(0, (await RunningProgram.RunAsync(_folder.Path, add, "", state)).Code);
        _folder.Write("fts.json", $$"""
            { "port": 2121, "folder": "{{_settings.Path}}", "state": "state", "homes": "{{_folder.Path}}/homes", "logFile": "log/a.log" }
            """);
        (int code, _, string messages) = await RunAsync("install", "--dry-run", "--config", "fts.json");
        Assert.Equal((11, $"error: {_folder["log"]}: no such folder\n"), (code, messages)); // systemd would not start the service
        Directory.CreateDirectory(_folder["log"]);
        File.CreateSymbolicLink(_tools["fts"], PublishedProgram.Path);
        await using RunningProgram program = RunningProgram.StartFile(
            "env", _tools.Path, [$"PATH={_tools.Path}", "fts", "service", "install", "--dry-run", "--config", _folder["fts.json"]]);
        Assert.True(await program.WaitForExitAsync() == 0, program.Messages);
        Assert.Contains($"\nExecStart=\"{_tools["fts"]}\" server ", program.Data, StringComparison.Ordinal);
        string[] lines = program.Data.Split('\n');
        string[] paths = Assert.Single(lines, line => line.StartsWith("ReadWritePaths=", StringComparison.Ordinal))[15..].Split(' ');
        Assert.Equal([$"\"{_settings.Path}\"", $"\"{_folder["state"]}\"", $"\"{_folder["log"]}\""], paths[..3]);
        Assert.Contains($"\"-{_folder["homes"]}\"", paths);
        Assert.Contains($"\"-{_tools.Path}\"", paths);
    }

    [Fact]
    public async Task Root_creates_the_database_for_the_owner_of_the_state_folder()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "only root can create files for other users");
        foreach (string command in (string[])["chown", "stat"])
        {
            Assert.SkipUnless(File.Exists($"/usr/bin/{command}"), $"{command} is not installed");
        }

        Directory.CreateDirectory(_folder["state"]);
        await RunToolAsync("/usr/bin/chown", "65534:65533", _folder["state"]);
        string[] add = ["user", "add", "ann", "--no-password", "--home", "/srv/ftp/ann"];
        Assert.Equal(0, (await RunningProgram.RunAsync(_folder.Path, add, "", ("FTS_STATE", _folder["state"]))).Code);
        Assert.Equal("65534 65533 600\n", await RunToolAsync("/usr/bin/stat", "-c", "%u %g %a", _folder["state/fts.db"]));
    }

    [Theory]
    [InlineData("install --user", 2, "a service of a user needs --folder DIR")]
    [InlineData("install --user --folder missing", 11, "missing: no such folder")]
    [InlineData("install --user --folder . --port x", 2, "--port x: must be a number from 1 to 65535")]
    [InlineData("uninstall --user", 6, "the service is not installed: no file ")]
    [InlineData("uninstall --user --port 21", 2, "uninstall does not use --port")]
    [InlineData("instal", 2, "unknown command service instal; did you mean install?")]
    [InlineData("", 2, "service needs a command")]
    public async Task Errors_change_nothing(string arguments, int exitCode, string message)
    {
        (int code, _, string messages) = await RunAsync(arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(exitCode, code);
        Assert.Contains(message, messages, StringComparison.Ordinal);
        Assert.Empty(_settings.Names);
        Assert.Empty(Calls);
    }

    [Fact]
    public async Task An_existing_file_with_other_values_is_not_changed()
    {
        Directory.CreateDirectory(_settings["fts"]);
        File.WriteAllText(ConfigurationFile, $"{{ \"port\": 2200, \"folder\": \"{_folder.Path}\" }}");
        (int code, _, string messages) = await RunAsync("install", "--user", "--port", "2201");
        Assert.Equal(2, code);
        Assert.Contains(
            $"{ConfigurationFile} exists and contains port 2200, not 2201; install does not change it", messages, StringComparison.Ordinal);
        Assert.Equal(0, (await RunAsync("install", "--user", "--port", "2200", "--folder", _folder.Path)).Code);
    }

    [Fact]
    public async Task An_invalid_file_is_reported_with_its_line()
    {
        Directory.CreateDirectory(_settings["fts"]);
        File.WriteAllText(ConfigurationFile, "{\n\"port\": \"x\" }");
        (int code, _, string messages) = await RunAsync("install", "--user");
        Assert.Equal(2, code);
        Assert.Equal($"error: {ConfigurationFile}:2: port \"x\": must be a number from 0 to 65535\n", messages);
    }

    [Fact]
    public async Task A_file_without_a_folder_cannot_be_installed()
    {
        Directory.CreateDirectory(_settings["fts"]);
        File.WriteAllText(ConfigurationFile, "{}");
        (int code, _, string messages) = await RunAsync("install", "--user");
        Assert.Equal(2, code);
        Assert.Contains("the key folder is missing", messages, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Relative_folders_start_at_the_folder_of_the_file()
    {
        Directory.CreateDirectory(_settings["fts/share"]);
        File.WriteAllText(ConfigurationFile, "{ \"folder\": \"share\", \"port\": 2121 }");
        (int code, _, string messages) = await RunAsync("install", "--user");
        Assert.True(code == 0, messages);
        Assert.Contains($"\nWorkingDirectory={_settings["fts"]}\n", File.ReadAllText(UnitFile), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_unit_of_the_user_is_not_replaced()
    {
        Directory.CreateDirectory(_settings["systemd/user"]);
        File.WriteAllText(UnitFile, "[Service]\n");
        foreach (string[] command in (string[][])[["install", "--user", "--folder", _folder.Path], ["uninstall", "--user"]])
        {
            (int code, _, string messages) = await RunAsync(command);
            Assert.Equal(11, code);
            Assert.Contains($"{UnitFile} exists and was not written by fts service install", messages, StringComparison.Ordinal);
        }

        Assert.Equal("[Service]\n", File.ReadAllText(UnitFile));
        Assert.Empty(Calls);
    }

    [Fact]
    public async Task A_failed_command_is_reported_with_its_message()
    {
        UseSystemctl("echo 'Failed to connect to bus' >&2; exit 4");
        (int code, _, string messages) = await RunAsync("install", "--user", "--folder", _folder.Path);
        Assert.Equal(1, code);
        Assert.Equal("error: systemctl --user daemon-reload failed with exit code 4: Failed to connect to bus\n", messages);
    }

    [Fact]
    public async Task Without_systemd_the_missing_command_is_named()
    {
        File.Delete(_tools["systemctl"]);
        (int code, _, string messages) = await RunningProgram.RunAsync(
            _folder.Path, ["service", "install", "--user", "--folder", _folder.Path], "",
            ("PATH", _tools.Path), ("XDG_CONFIG_HOME", _settings.Path));
        Assert.Equal(1, code);
        Assert.StartsWith("error: systemctl not found; services need systemd\n", messages, StringComparison.Ordinal);
        Assert.Empty(_settings.Names);
    }

    private Task<(int Code, string Data, string Messages)> RunAsync(params string[] arguments) => RunningProgram.RunAsync(
        _folder.Path, ["service", .. arguments], "",
        ("PATH", $"{_tools.Path}:{Environment.GetEnvironmentVariable("PATH")}"), ("XDG_CONFIG_HOME", _settings.Path));

    private async Task<string> RunToolAsync(string file, params string[] arguments)
    {
        await using RunningProgram program = RunningProgram.StartFile(file, _folder.Path, arguments);
        Assert.Equal(0, await program.WaitForExitAsync());
        return program.Data;
    }

    private void UseSystemctl(string script)
    {
        _tools.Write("systemctl", $"#!/bin/sh\n{script}\n");
        File.SetUnixFileMode(
            _tools["systemctl"], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }
}
