using System.CommandLine;
using System.Security.Cryptography;
using System.Text;
using Fts.Accounts.Passwords;
using Fts.Cli;
using Fts.Cli.Help;
using Fts.Trust;

namespace Fts.Administration;

/// <summary>
/// A new password for an account: typed, read from a file, or generated. It is never an argument, because every user of the machine could
/// read it.
/// </summary>
/// <param name="Hash">The hash to store, or null for an account without a password.</param>
/// <param name="Generated">The password if it was generated, so that the administrator can pass it on. Otherwise null.</param>
internal sealed record NewPassword(string? Hash, string? Generated)
{
    /// <summary>31 letters and digits that are not easily confused.</summary>
    private const string Alphabet = "abcdefghjkmnpqrstuvwxyz23456789";

    private static readonly Option<string> FileOption = new("--password-file")
    {
        HelpName = "FILE",
        Description = "read the password from the first line of a file; - for standard input",
    };

    private static readonly Option<bool> GenerateOption = new("--generate") { Description = "generate a password and print it" };

    private static readonly Option<bool> NoneOption = new("--no-password")
    {
        Description = "no password; the account can log in only with a certificate",
    };

    /// <summary>The options. Without any of them, the command asks for the password.</summary>
    public static OptionGroup Options { get; } = new("Password", FileOption, GenerateOption, NoneOption);

    /// <summary>Reads, generates or asks for the password of an account.</summary>
    /// <exception cref="UserErrorException">The options contradict each other, or the password cannot be read or is not usable.</exception>
    public static NewPassword Read(CommandLine line, string account)
    {
        string? file = line.GetValue(FileOption);
        bool generates = line.HasOption(GenerateOption), hasNone = line.HasOption(NoneOption);
        if ((file is null ? 0 : 1) + (generates ? 1 : 0) + (hasNone ? 1 : 0) > 1)
        {
            throw CommandLine.CreateUsageError($"{FileOption.Name}, {GenerateOption.Name} and {NoneOption.Name} exclude each other");
        }

        if (hasNone)
        {
            return new NewPassword(null, null);
        }

        if (generates)
        {
            string generated = string.Join('-', Enumerable.Range(0, 4).Select(_ => RandomNumberGenerator.GetString(Alphabet, 4)));
            return new NewPassword(CreateHash(generated), generated);
        }

        return new NewPassword(CreateHash(file is null ? Ask(account) : ReadFirstLine(file)), null);
    }

    /// <summary>Returns the hash of a password.</summary>
    /// <exception cref="UserErrorException">The password is empty, too long, or contains a character that a client cannot send.</exception>
    private static string CreateHash(string password)
    {
        if (password.Length == 0)
        {
            throw new UserErrorException(ExitCode.UsageError, "the password is empty");
        }

        if (password.AsSpan().ContainsAny('\0', '\r', '\n'))
        {
            throw new UserErrorException(ExitCode.UsageError, "the password contains a character that clients cannot send (NUL, CR or LF)");
        }

        if (Encoding.UTF8.GetByteCount(password) > PasswordHash.MaxPasswordBytes)
        {
            throw new UserErrorException(ExitCode.UsageError, $"the password is longer than {PasswordHash.MaxPasswordBytes} bytes");
        }

        return PasswordHash.Create(password).Text;
    }

    private static string Ask(string account)
    {
        var terminal = new Terminal("auto", "never");
        if (!terminal.IsInteractive)
        {
            throw CommandLine.CreateUsageError(
                $"the password for {account} is missing, and fts cannot ask for it without a terminal; " +
                $"use {FileOption.Name} FILE, {GenerateOption.Name} or {NoneOption.Name}");
        }

        string password = PasswordPrompt.ReadPassword(terminal, $"new password for {account}: ");
        return password == PasswordPrompt.ReadPassword(terminal, "the same password again: ")
            ? password
            : throw new UserErrorException(ExitCode.UsageError, "the two passwords differ; nothing was changed");
    }

    private static string ReadFirstLine(string path)
    {
        try
        {
            if (path == "-")
            {
                using var input = new StreamReader(Console.OpenStandardInput(), Encoding.UTF8);
                return input.ReadLine() ?? "";
            }

            const UnixFileMode Others = UnixFileMode.OtherRead | UnixFileMode.OtherWrite;
            if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & Others) != 0)
            {
                Terminal.Plain.WriteMessage($"warning: every user of this machine can read or change {path}");
            }

            return File.ReadLines(path, Encoding.UTF8).FirstOrDefault() ?? "";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException(ExitCode.LocalFileError, $"cannot read the password file {path}: {LocalErrorText.Describe(e)}");
        }
    }
}
