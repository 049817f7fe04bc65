using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Fts.Bench.Load;

namespace Fts.Bench.Servers;

/// <summary>The accounts of our server: many names with the same password. Each hash has the default cost.</summary>
internal static class BenchAccounts
{
    public const string Password = "bench", WrongPassword = "wrong";

    /// <summary>The number of accounts.</summary>
    public const int Count = 4000;

    /// <summary>The accounts that <see cref="ServerProcess.Connect"/> uses, in turns.</summary>
    public const int Connecting = 100;

    /// <summary>The cost of the password of <c>fts user add</c>.</summary>
    private const int Iterations = 100_000;

    public static string GetName(int number) => string.Create(CultureInfo.InvariantCulture, $"user{number}");

    /// <summary>Writes the accounts, whose home is the served directory, into an empty state directory.</summary>
    /// <exception cref="MeasurementException">Our program cannot add the accounts.</exception>
    public static void Create(string program, string state, string directory)
    {
        byte[] salt = RandomNumberGenerator.GetBytes(16);
        byte[] hash = Rfc2898DeriveBytes.Pbkdf2(Password, salt, Iterations, HashAlgorithmName.SHA512, 64);
        var accounts = new JsonObject();
        for (int number = 0; number < Count; number++)
        {
            accounts[GetName(number)] = new JsonObject
            {
                ["passwordHash"] = $"$pbkdf2-sha512$i={Iterations}${Encode(salt)}${Encode(hash)}", ["home"] = directory,
            };
        }

        string file = state + ".json";
        File.WriteAllText(file, new JsonObject { ["accounts"] = accounts }.ToJsonString());
        var start = new ProcessStartInfo(program, ["user", "apply", file, "--prune", "--state", state])
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        process.OutputDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        string errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new MeasurementException($"fts user apply: {errors.Trim()}");
        }

        static string Encode(byte[] bytes) => Convert.ToBase64String(bytes).TrimEnd('=');
    }
}
