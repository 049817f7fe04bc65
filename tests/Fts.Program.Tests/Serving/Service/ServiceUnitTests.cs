using System.Diagnostics;
using System.Net;
using Fts.ProgramTests.Support;
using Fts.Serving.Service;

namespace Fts.ProgramTests.Serving.Service;

/// <summary>Tests of the texts of the systemd units.</summary>
public sealed class ServiceUnitTests : IDisposable
{
    private const string SystemdAnalyze = "/usr/bin/systemd-analyze";

    private static readonly ServiceUnit System = new()
    {
        IsForUser = false,
        Program = "/usr/local/bin/fts",
        ConfigurationFile = "/etc/fts/fts.json",
        ServedFolders = ["/srv/files"],
        EndPoint = new IPEndPoint(IPAddress.Any, 21),
    };

    private readonly TestFolder _folder = new();

    public static TheoryData<string> Variants { get; } =
        ["system", "default folder", "home", "accounts", "socket", "user", "user socket", "names"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_unit_of_the_system_is_restricted_to_its_folders()
    {
        string[] lines = System.Format().Split('\n');
        Assert.Equal(ServiceUnit.Mark, lines[0]);
        foreach (string line in (string[])
        [
            "Type=notify", "ExecStart=\"/usr/local/bin/fts\" server --config \"/etc/fts/fts.json\"", "ExecReload=/bin/kill -HUP $MAINPID",
            "KillMode=mixed", "WatchdogSec=30", "User=fts", "Group=fts",
            "StateDirectory=fts", "ProtectSystem=strict", "ReadWritePaths=\"/srv/files\"",
            "ProtectHome=yes", "PrivateTmp=yes", "NoNewPrivileges=yes", "MemoryDenyWriteExecute=yes",
            "AmbientCapabilities=CAP_NET_BIND_SERVICE", "CapabilityBoundingSet=CAP_NET_BIND_SERVICE", "WantedBy=multi-user.target",
        ])
        {
            Assert.Contains(line, lines);
        }
    }

    [Fact]
    public void A_port_above_1023_needs_no_capability()
    {
        ServiceUnit unit = System with { EndPoint = new IPEndPoint(IPAddress.Any, 2121) };
        Assert.DoesNotContain("CAP_NET_BIND_SERVICE", unit.Format(), StringComparison.Ordinal);
        Assert.Contains("\nCapabilityBoundingSet=\n", unit.Format(), StringComparison.Ordinal);
        Assert.Contains("CAP_NET_BIND_SERVICE", (unit with { ImplicitPort = 990 }).Format(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_default_folder_is_created_by_systemd()
    {
        string text = Create("default folder").Format();
        Assert.Contains("\nStateDirectory=fts fts-files\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("ReadWritePaths", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Home_and_temporary_folders_are_visible_only_if_they_are_used()
    {
        Assert.Contains("\nProtectHome=read-only\n", Create("home").Format(), StringComparison.Ordinal);
        Assert.Contains(
            "\nPrivateTmp=no\n", (System with { ServedFolders = ["/tmp/share"] }).Format(), StringComparison.Ordinal);
        Assert.Contains("\nProtectHome=yes\n", (System with { ServedFolders = ["/homes"] }).Format(), StringComparison.Ordinal);
    }

    [Fact]
    public void Folders_of_accounts_may_be_missing_and_nested_folders_are_listed_once()
    {
        string text = Create("accounts").Format();
        Assert.Contains(
            "\nReadWritePaths=\"/srv/files\" \"/srv/state\" \"/var/log/ftp\" \"-/srv/homes\" \"-/var/lib/fts-files/bob\" "
            + "\"-/home/a b/mount\"\n", text,
            StringComparison.Ordinal);
        Assert.Contains("\nEnvironment=XDG_STATE_HOME=%S\n", text, StringComparison.Ordinal);
        Assert.Contains("\nProtectHome=read-only\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void The_state_folder_and_the_log_folder_are_created_by_systemd()
    {
        string text = (System with { LogFile = "/var/log/fts/server.log" }).Format();
        Assert.Contains("\nEnvironment=XDG_STATE_HOME=%S FTS_STATE=%S/fts\n", text, StringComparison.Ordinal);
        Assert.Contains("\nLogsDirectory=fts\nLogsDirectoryMode=0750\n", text, StringComparison.Ordinal);
        Assert.Contains("\nReadWritePaths=\"/srv/files\"\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("/dev", (System with { LogFile = "/dev/stdout" }).Format(), StringComparison.Ordinal);
    }

    [Fact]
    public void Code_created_at_run_time_needs_writable_code() => Assert.DoesNotContain(
        "MemoryDenyWriteExecute", (System with { CreatesCode = true }).Format(), StringComparison.Ordinal);

    [Fact]
    public void Special_characters_of_paths_are_escaped()
    {
        string text = Create("names").Format();
        Assert.Contains("ExecStart=\"/opt/a b/$$x/fts\" server --config \"/etc/100%%.json\"\n", text, StringComparison.Ordinal);
        Assert.Contains("ReadWritePaths=\"/srv/$x \\\"y\\\"\" \"/srv/\\\\z\"\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void The_unit_of_a_user_has_no_settings_of_the_system()
    {
        string text = Create("user").Format();
        Assert.DoesNotContain("User=", text, StringComparison.Ordinal);
        Assert.DoesNotContain("ProtectSystem", text, StringComparison.Ordinal);
        Assert.Contains("\nNoNewPrivileges=yes\n", text, StringComparison.Ordinal);
        Assert.Contains("\nWantedBy=default.target\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_socket_unit_listens_instead_of_the_server()
    {
        ServiceUnit unit = Create("socket");
        Assert.Contains("\nListenStream=0.0.0.0:21\n", unit.FormatSocket(), StringComparison.Ordinal);
        Assert.Contains("\nRequires=fts.socket\n", unit.Format(), StringComparison.Ordinal);
        Assert.DoesNotContain("CAP_NET_BIND_SERVICE", unit.Format(), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void Systemd_accepts_the_unit_without_a_warning(string variant)
    {
        Assert.SkipUnless(File.Exists(SystemdAnalyze), "systemd-analyze is not installed.");
        ServiceUnit unit = Create(variant);
        // systemd-analyze also checks that the program exists.
        _folder.Write("fts.service", (unit with { Program = "/bin/true" }).Format());
        string[] files = [_folder["fts.service"]];
        if (unit.HasSocket)
        {
            _folder.Write("fts.socket", unit.FormatSocket());
            files = [.. files, _folder["fts.socket"]];
        }

        var start = new ProcessStartInfo(SystemdAnalyze, ["verify", "--man=no", unit.IsForUser ? "--user" : "--system", .. files])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        start.Environment["XDG_RUNTIME_DIR"] = _folder.Path;
        using Process process = Process.Start(start)!;
        string errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.Equal((0, ""), (process.ExitCode, errors));
    }

    private static ServiceUnit Create(string variant) => variant switch
    {
        "default folder" => System with { ServedFolders = [ServiceUnit.DefaultFolder] },
        "home" => System with { ServedFolders = ["/home/ann/share"], ReadFiles = ["/etc/ssl/ann.pem"] },
        "accounts" => System with
        {
            AccountFolders = ["/srv/homes", "/srv/files/ann", "/var/lib/fts-files/bob", "/home/a b/mount"], StateFolder = "/srv/state",
            LogFile = "/var/log/ftp/server.log",
        },
        "socket" => System with { HasSocket = true },
        "user" => System with { IsForUser = true },
        "user socket" => System with { IsForUser = true, HasSocket = true, EndPoint = new IPEndPoint(IPAddress.IPv6Any, 2121) },
        "names" => System with
        {
            Program = "/opt/a b/$x/fts", ConfigurationFile = "/etc/100%.json", ServedFolders = ["/srv/$x \"y\"", "/srv/\\z"],
        },
        _ => System,
    };
}
