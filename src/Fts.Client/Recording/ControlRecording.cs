using System.Security.Authentication;
using Fts.Protocol;

namespace Fts.Client.Recording;

/// <summary>Records the lines of one control connection, with secrets masked.</summary>
/// <param name="recorder">The recorder.</param>
/// <param name="connection">The number of the connection.</param>
/// <param name="options">The options of the connection, whose credentials are masked.</param>
internal sealed class ControlRecording(FtpRecorder recorder, int connection, FtpClientOptions options)
{
    private const string Mask = "****";

    /// <summary>A shorter secret is masked only where it is the argument of a command, because it could be part of any word.</summary>
    private const int MinSecretLength = 4;

    private string? _account;
    private bool _isClosed;

    /// <summary>Records a command as the client sends it.</summary>
    public void RecordSent(FtpCommand command)
    {
        if (command.Verb == "ACCT")
        {
            _account = command.Argument;
        }

        string text = command.Redacted;
        if (command.Verb == "USER" && MasksUserName)
        {
            text = $"USER {Mask}";
        }
        else if (text == command.ToString().ToPrintable())
        {
            text = FtpName.Escape(MaskSecrets(command.ToString()));
        }

        recorder.Write(connection, ">", text);
    }

    /// <summary>Records a line of a reply. Servers repeat names, and some repeat passwords.</summary>
    public void RecordReceived(string line) => recorder.Write(connection, "<", FtpName.Escape(MaskSecrets(line)));

    /// <summary>Records that the control connection is encrypted from now on.</summary>
    public void RecordTls(SslProtocols version) => recorder.Write(connection, "tls", version == SslProtocols.Tls12 ? "1.2" : "1.3");

    /// <summary>Records that the client has closed the connection.</summary>
    public void RecordClosed()
    {
        if (!_isClosed)
        {
            _isClosed = true;
            recorder.Write(connection, "close", "");
        }
    }

    /// <summary>Records the data of one data connection. The returned object counts it.</summary>
    /// <param name="isSender">Whether the client sends the data.</param>
    public DataRecording OpenData(bool isSender) => new(recorder, connection, isSender);

    private bool MasksUserName => !recorder.Options.IncludesUserName
        && !string.Equals(options.Credentials.UserName, "anonymous", StringComparison.OrdinalIgnoreCase);

    private string MaskSecrets(string text)
    {
        FtpCredentials credentials = options.Credentials;
        text = credentials.HasSecret ? Replace(text, credentials.Password) : text;
        text = _account is { } account ? Replace(text, account) : text;
        return MasksUserName ? ReplaceWord(text, credentials.UserName) : text;
    }

    private static string Replace(string text, string secret) =>
        secret.Length >= MinSecretLength ? text.Replace(secret, Mask, StringComparison.Ordinal) : text;

    /// <summary>Replaces a name where it is a word of its own, so that the name "a" does not change other words.</summary>
    private static string ReplaceWord(string text, string name)
    {
        for (int start = 0; name.Length > 0 && (start = text.IndexOf(name, start, StringComparison.Ordinal)) >= 0;)
        {
            int end = start + name.Length;
            bool isWord = (start == 0 || !char.IsLetterOrDigit(text[start - 1]))
                && (end == text.Length || !char.IsLetterOrDigit(text[end]));
            text = isWord ? $"{text[..start]}{Mask}{text[end..]}" : text;
            start = isWord ? start + Mask.Length : end;
        }

        return text;
    }
}
