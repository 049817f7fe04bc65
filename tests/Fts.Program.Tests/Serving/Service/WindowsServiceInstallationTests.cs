using Fts.Serving.Service;

namespace Fts.ProgramTests.Serving.Service;

/// <summary>
/// Tests of the commands that install the service on Windows. They check the plan, because the commands exist on Windows only.
/// </summary>
public sealed class WindowsServiceInstallationTests
{
    private const string Program = @"C:\Program Files\fts\fts.exe", File = @"C:\ProgramData\fts\fts.json";

    [Fact]
    public void Install_creates_the_service_grants_its_user_the_folders_and_starts_it()
    {
        ServicePlan plan = WindowsServiceInstallation.CreatePlan(Program, File, "{}\n", [@"D:\share"], isInstalled: false);
        string[] lines = plan.Format().Split('\n');
        Assert.Equal([@"## write C:\ProgramData\fts\fts.json", "{}", ""], lines[..3]);
        Assert.Equal(
            @"## run sc.exe create fts binPath= ""\""C:\Program Files\fts\fts.exe\"" \""server\"" \""--config\"" "
            + @"\""C:\ProgramData\fts\fts.json\"""" obj= ""NT SERVICE\fts"" start= auto DisplayName= ""fts FTP and FTPS server""",
            lines[3]);
        Assert.Equal(
            [
                "## run sc.exe failure fts reset= 86400 actions= restart/2000", @"## create D:\share",
                @"## run icacls.exe D:\share /grant ""NT SERVICE\fts:(OI)(CI)M""", "## run sc.exe start fts",
            ],
            lines[4..]);
    }

    [Fact]
    public void A_second_installation_changes_the_service_and_keeps_the_settings()
    {
        ServicePlan plan = WindowsServiceInstallation.CreatePlan(Program, File, null, [], isInstalled: true);
        Assert.StartsWith("## run sc.exe config fts binPath= ", plan.Format(), StringComparison.Ordinal);
        var start = Assert.IsType<ServiceStep.RunCommand>(plan.Steps[^1]);
        Assert.Equal(1056, start.PermittedExitCode); // the service is already running
    }

    [Fact]
    public void Uninstall_stops_and_deletes_the_service()
    {
        ServicePlan plan = WindowsServiceInstallation.CreateUninstallPlan();
        Assert.Equal("## run sc.exe stop fts\n## run sc.exe delete fts", plan.Format());
        Assert.Equal(1062, Assert.IsType<ServiceStep.RunCommand>(plan.Steps[0]).PermittedExitCode); // the service is not started
    }

    [Fact]
    public void New_settings_keep_the_state_and_the_log_in_the_data_folder() => Assert.Equal(
        """
        {
          // Settings of fts server. To print all settings: fts config check --config FILE
          "ip": "0.0.0.0",
          "port": 21,
          "folder": "D:\\share",
          "state": "C:\\ProgramData\\fts\\state",
          "logFile": "C:\\ProgramData\\fts\\log\\server.log",
          // "tls": "required", // refuses sessions without encryption
        }

        """.ReplaceLineEndings("\n"),
        WindowsServiceInstallation.FormatConfiguration(21, @"D:\share", @"C:\ProgramData\fts"));

    [Theory]
    [InlineData(@"C:\a b\fts.exe", @"""C:\a b\fts.exe""")]
    [InlineData(@"C:\a\", @"""C:\a\\""")]
    [InlineData(@"a\""b", @"""a\\\""b""")]
    [InlineData("", @"""""")]
    public void Words_of_a_command_line_are_quoted(string word, string expected) =>
        Assert.Equal(expected, WindowsServiceInstallation.FormatCommandLine(word));
}
