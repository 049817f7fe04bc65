using Fts.Cli;

namespace Fts.Shell.Settings;

/// <summary>
/// A text file of the user with one name and text per line: the bookmarks and aliases of the client. Only the user can read the file.
/// </summary>
/// <param name="path">The path of the file.</param>
internal sealed class NamedTextFile(string path)
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>The bookmarks: <c>fts/bookmarks</c> in <c>XDG_CONFIG_HOME</c> or <c>~/.config</c>. They have no passwords.</summary>
    public static NamedTextFile Bookmarks { get; } = new(GetConfigPath("bookmarks"));

    /// <summary>The aliases: <c>fts/aliases</c> in the same folder. The texts are commands of the shell.</summary>
    public static NamedTextFile Aliases { get; } = new(GetConfigPath("aliases"));

    /// <summary>Returns the names and texts, sorted by name. Returns an empty list if the file does not exist.</summary>
    /// <exception cref="UserErrorException">The file cannot be read.</exception>
    public IReadOnlyList<(string Name, string Text)> ReadAll()
    {
        try
        {
            return [.. File.ReadLines(path)
                .Select(line => line.Split(' ', 2))
                .Where(parts => parts.Length == 2 && parts[0].Length > 0)
                .Select(parts => (parts[0], parts[1].Trim()))
                .OrderBy(item => item.Item1, StringComparer.Ordinal)];
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException(ExitCode.LocalFileError, $"cannot read {path}: {LocalErrorText.Describe(e)}");
        }
    }

    /// <summary>Returns the text of a name, or null.</summary>
    /// <exception cref="UserErrorException">The file cannot be read.</exception>
    public string? Find(string name) => ReadAll().Where(item => item.Name == name).Select(item => item.Text).LastOrDefault();

    /// <summary>Adds or replaces the text of a name.</summary>
    /// <exception cref="UserErrorException">The name is invalid, or the file cannot be read or written.</exception>
    public void Set(string name, string text)
    {
        if (name.Length == 0 || name[0] == '-' || !name.All(c => char.IsLetterOrDigit(c) || c is '-' or '_' or '.'))
        {
            throw new UserErrorException(
                ExitCode.UsageError, $"'{name}' is not a name: use letters, digits, hyphens, underscores and dots");
        }

        Save([.. ReadAll().Where(item => item.Name != name), (name, text.ReplaceLineEndings(" "))]);
    }

    /// <summary>Removes a name. Returns false if it does not exist.</summary>
    /// <exception cref="UserErrorException">The file cannot be read or written.</exception>
    public bool Remove(string name)
    {
        IReadOnlyList<(string Name, string Text)> items = ReadAll();
        if (!items.Any(item => item.Name == name))
        {
            return false;
        }

        Save([.. items.Where(item => item.Name != name)]);
        return true;
    }

    private static string GetConfigPath(string name) => Path.Combine(
        Environment.GetEnvironmentVariable("XDG_CONFIG_HOME") is { Length: > 0 } folder && Path.IsPathRooted(folder)
            ? folder
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".config"),
        "fts", name);

    /// <summary>Replaces the file atomically, so that another client never reads a part of it.</summary>
    private void Save(IReadOnlyList<(string Name, string Text)> items)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            string temporary = $"{path}.{Environment.ProcessId}.tmp";
            var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = OwnerOnly;
            }

            using (var writer = new StreamWriter(temporary, options))
            {
                foreach ((string name, string text) in items)
                {
                    writer.Write($"{name} {text}\n");
                }
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException(ExitCode.LocalFileError, $"cannot write {path}: {LocalErrorText.Describe(e)}");
        }
    }
}
