namespace Fts.Accounts.Sql.Migrations;

/// <summary>Migration 1: the tables of accounts and groups.</summary>
/// <remarks>
/// An owner of settings is an account (<c>account NAME</c>) or a group (<c>group NAME</c>). Times are ticks of 100 ns, because the types
/// for times differ between databases. Booleans are 0 and 1. A NULL means that the setting is unset.
/// </remarks>
internal static class AccountTables
{
    public static Migration Migration { get; } = new("accounts and groups",
    [
        """
        CREATE TABLE access_settings (
            owner TEXT NOT NULL PRIMARY KEY,
            home TEXT,
            quota_bytes BIGINT,
            quota_files BIGINT,
            upload_rate BIGINT,
            download_rate BIGINT,
            max_sessions INTEGER,
            has_networks INTEGER NOT NULL CHECK (has_networks IN (0, 1)),
            requires_tls INTEGER CHECK (requires_tls IN (0, 1)),
            hours_start BIGINT,
            hours_end BIGINT,
            expires_at BIGINT
        )
        """,
        """
        CREATE TABLE mounts (
            owner TEXT NOT NULL REFERENCES access_settings (owner) ON DELETE CASCADE,
            path TEXT NOT NULL,
            directory TEXT NOT NULL,
            is_read_only INTEGER NOT NULL CHECK (is_read_only IN (0, 1)),
            PRIMARY KEY (owner, path)
        )
        """,
        """
        CREATE TABLE permission_rules (
            owner TEXT NOT NULL REFERENCES access_settings (owner) ON DELETE CASCADE,
            path TEXT NOT NULL,
            permissions TEXT NOT NULL,
            PRIMARY KEY (owner, path)
        )
        """,
        """
        CREATE TABLE networks (
            owner TEXT NOT NULL REFERENCES access_settings (owner) ON DELETE CASCADE,
            network TEXT NOT NULL,
            PRIMARY KEY (owner, network)
        )
        """,
        """
        CREATE TABLE accounts (
            name TEXT NOT NULL PRIMARY KEY,
            is_enabled INTEGER NOT NULL CHECK (is_enabled IN (0, 1)),
            password_hash TEXT,
            version BIGINT NOT NULL
        )
        """,
        """
        CREATE TABLE account_groups (
            name TEXT NOT NULL PRIMARY KEY,
            version BIGINT NOT NULL
        )
        """,
        """
        CREATE TABLE key_fingerprints (
            fingerprint TEXT NOT NULL PRIMARY KEY,
            account TEXT NOT NULL REFERENCES accounts (name) ON DELETE CASCADE
        )
        """,
        "CREATE INDEX key_fingerprints_account ON key_fingerprints (account)",
        """
        CREATE TABLE memberships (
            account TEXT NOT NULL REFERENCES accounts (name) ON DELETE CASCADE,
            position INTEGER NOT NULL,
            group_name TEXT NOT NULL,
            PRIMARY KEY (account, position)
        )
        """,
        "CREATE INDEX memberships_group ON memberships (group_name)",
        // One row. Every transaction that changes accounts or groups increments the number, which is also the version of the changed rows.
        "CREATE TABLE account_changes (number BIGINT NOT NULL)",
        "INSERT INTO account_changes (number) VALUES (1)",
    ]);
}
