using Fts.Accounts.Settings;
using Fts.Accounts.Sql;
using Fts.Accounts.Sql.Migrations;
using Fts.Accounts.Sql.Sqlite;

namespace Fts.AccountsSqlTests;

public sealed class SqliteDatabaseTests : IDisposable
{
    private readonly TemporaryDatabase _temporary = new();

    public void Dispose() => _temporary.Dispose();

    [Fact]
    public void Only_the_owner_can_access_the_files()
    {
        _temporary.Accounts.Apply([AccountChange.Add(new AccountSettings("bob"))]);
        string directory = Path.GetDirectoryName(_temporary.Path)!;
        Assert.Equal(["fts.db", "fts.db-shm", "fts.db-wal"], Directory.GetFiles(directory).Select(Path.GetFileName).Order());
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Windows has no file modes.");
        }
        else
        {
            Assert.Equal("rwx------", Format(File.GetUnixFileMode(directory)));
            foreach (string file in Directory.GetFiles(directory))
            {
                Assert.Equal("rw-------", Format(File.GetUnixFileMode(file)));
            }
        }
    }

    [Fact]
    public void A_file_that_is_not_a_database_is_refused_and_unchanged()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_temporary.Path)!);
        File.WriteAllText(_temporary.Path, new string('x', 5000));
        AssertRefused(AccountDatabaseError.Damaged, "the file is not a database; restore it from a backup");
        Assert.Equal(new string('x', 5000), File.ReadAllText(_temporary.Path));
    }

    [Fact]
    public void A_damaged_database_is_refused()
    {
        _temporary.Accounts.Apply([.. Enumerable.Range(0, 200).Select(number => AccountChange.Add(new AccountSettings($"user{number}")))]);
        _temporary.Database.Dispose();
        byte[] bytes = File.ReadAllBytes(_temporary.Path);
        bytes.AsSpan(4096).Fill(0xA5); // the first page, with the schema, stays
        File.WriteAllBytes(_temporary.Path, bytes);
        AssertRefused(AccountDatabaseError.Damaged, "the file is damaged; restore it from a backup");
    }

    [Fact]
    public void A_database_of_another_program_is_refused()
    {
        _ = _temporary.Database;
        _temporary.Database.Write(session => session.Execute("DROP TABLE migrations"));
        AssertRefused(AccountDatabaseError.Damaged, "another program created it");
    }

    [Fact]
    public void A_database_of_a_newer_version_is_refused()
    {
        using (SqliteDatabase.Open(
            _temporary.Path, TimeSpan.FromSeconds(5), [.. Migration.All, new Migration("later", [])], TimeProvider.System))
        {
        }

        AssertRefused(
            AccountDatabaseError.NewerVersion,
            $"a newer version of fts wrote the database (schema {Migration.All.Count + 1}, this program supports {Migration.All.Count})");
    }

    [Fact]
    public void A_migration_runs_once_and_keeps_the_rows()
    {
        _temporary.Accounts.Apply([AccountChange.Add(new AccountSettings("bob"))]);
        var later = new Migration("later", ["CREATE TABLE later (x TEXT)", "INSERT INTO later VALUES ('y')"]);
        Migration[] migrations = [.. Migration.All, later];
        for (int opening = 0; opening < 2; opening++)
        {
            using var database = SqliteDatabase.Open(_temporary.Path, TimeSpan.FromSeconds(5), migrations, TimeProvider.System);
            Assert.Equal(1, database.Read(session => session.QueryInteger("SELECT COUNT(*) FROM later")));
            Assert.Equal("bob", new SqlAccountDatabase(database).ReadAll().Accounts.Single().Value.Name);
        }
    }

    [Fact]
    public void A_failed_migration_changes_nothing()
    {
        _ = _temporary.Database;
        Migration[] migrations = [.. Migration.All, new Migration("later", ["CREATE TABLE later (x TEXT)", "nonsense"])];
        Assert.Throws<AccountDatabaseException>(
            () => SqliteDatabase.Open(_temporary.Path, TimeSpan.FromSeconds(5), migrations, TimeProvider.System));
        Assert.Equal(
            0, _temporary.Database.Read(session => session.QueryInteger("SELECT COUNT(*) FROM sqlite_master WHERE name = 'later'")));
    }

    [Fact]
    public void A_writer_that_waits_too_long_reports_that_the_database_is_busy()
    {
        using var other = SqliteDatabase.Open(_temporary.Path, TimeSpan.FromMilliseconds(1), Migration.All, TimeProvider.System);
        _temporary.Database.Write(session =>
        {
            var e = Assert.Throws<AccountDatabaseException>(() => other.Write(inner => inner.Execute("DELETE FROM accounts")));
            Assert.Equal(AccountDatabaseError.Busy, e.Error);
            // A reader does not wait.
            Assert.Empty(new SqlAccountDatabase(other).ReadAll().Accounts);
            return true;
        });
    }

    private static string Format(UnixFileMode mode) => string.Concat(
        "rwxrwxrwx".Select((letter, at) => ((int)mode & (1 << (8 - at))) != 0 ? letter : '-'));

    private void AssertRefused(AccountDatabaseError error, string reason)
    {
        AccountDatabaseException e = Assert.Throws<AccountDatabaseException>(() =>
        {
            using var database = SqliteDatabase.Open(_temporary.Path);
            new SqlAccountDatabase(database).ReadAll();
        });
        Assert.Equal((error, $"cannot use the database {_temporary.Path}: {reason}"), (e.Error, e.Message));
    }
}
