using System.CommandLine;
using System.Globalization;
using System.Text;
using Fts.Cli.Help;
using Fts.Client;

namespace Fts.Cli.Connections;

/// <summary>The options that record the connections of a command to a file.</summary>
internal sealed class RecordingOptions
{
    private const string RecordName = "--record", DataName = "--record-data", UserName = "--record-user";

    private readonly Option<string> _record = new(RecordName)
    {
        HelpName = "FILE",
        Description = "write a transcript of all connections to this file, with passwords masked",
    };

    private readonly Option<string> _data = new(DataName)
    {
        HelpName = "BYTES",
        Description = "also record the first bytes of each data connection, unmasked (default: 0, which records lengths only)",
    };

    private readonly Option<bool> _user = new(UserName) { Description = "also record the user name" };

    private FtpRecorder? _recorder;

    /// <summary>The names of the options. Commands that are printed as advice omit them, because they would replace the file.</summary>
    public static IReadOnlyList<string> Names { get; } = [RecordName, DataName, UserName];

    /// <summary>The options for the help page.</summary>
    public OptionGroup Group => new("Recording", _record, _data, _user);

    /// <summary>
    /// Returns the recorder of the command, or null without <c>--record</c>. All connections of a command share it. The file stays open
    /// until the program exits, and every line is written at once.
    /// </summary>
    /// <exception cref="UserErrorException">An option is invalid, or the file cannot be written.</exception>
    public FtpRecorder? Open(CommandLine line)
    {
        int bytes = 0;
        if (line.GetValue(_data) is { } text
            && !int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out bytes))
        {
            throw CommandLine.CreateUsageError($"{DataName} {text}: must be a number of bytes up to {int.MaxValue}");
        }

        if (line.GetValue(_record) is not { } file)
        {
            return line.GetValue(_data) is null && !line.HasOption(_user)
                ? null
                : throw CommandLine.CreateUsageError($"{DataName} and {UserName} need {RecordName} FILE");
        }

        return _recorder ??= new FtpRecorder(
            CreateFile(file), new FtpRecordingOptions { DataBytes = bytes, IncludesUserName = line.HasOption(_user) });
    }

    /// <summary>Creates or replaces the file. Only its owner can read it, because a transcript contains names of files and hosts.</summary>
    private static StreamWriter CreateFile(string path)
    {
        const UnixFileMode ownerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.Write, Share = FileShare.Read };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = ownerOnly;
        }

        try
        {
            var stream = new FileStream(path, options);
            if (!OperatingSystem.IsWindows())
            {
                // An existing file keeps its mode, so the mode is set before anything is written.
                File.SetUnixFileMode(stream.SafeFileHandle, ownerOnly);
            }

            stream.SetLength(0);
            return new StreamWriter(stream, new UTF8Encoding(false));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException(ExitCode.LocalFileError, $"cannot write the recording {path}: {LocalErrorText.Describe(e)}");
        }
    }
}
