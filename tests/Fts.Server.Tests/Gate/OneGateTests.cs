using System.Reflection;
using Fts.Accounts;
using Fts.Storage;

namespace Fts.Server.Tests.Gate;

/// <summary>Sessions reach a store only through <see cref="UserFiles"/>.</summary>
public sealed class OneGateTests
{
    /// <summary>
    /// Reads the compiled code, so that no call is missed. The sweep has no account: it deletes expired uploads of all accounts.
    /// </summary>
    [Fact]
    public void Only_the_hosts_and_the_sweep_call_a_store()
    {
        string[] calls = [.. typeof(FtpServer).Assembly.GetTypes()
            .Where(type => type.Namespace != "Fts.Server.Hosts")
            .SelectMany(type => GetMethods(type).SelectMany(GetCalledMethods)
                .Where(called => called.DeclaringType == typeof(IFileStore) || called.DeclaringType!.IsAssignableTo(typeof(IFileStore)))
                .Select(called => $"{GetOutermost(type).Name}: {called.Name}"))
            .Distinct()];
        Assert.Equal(["PartialUploadSweep: SweepPartialUploadsAsync"], calls);
    }

    [Fact]
    public void The_hosts_call_a_store() =>
        Assert.Contains(
            typeof(FtpServer).Assembly.GetTypes().Where(type => type.Namespace == "Fts.Server.Hosts").SelectMany(GetMethods)
                .SelectMany(GetCalledMethods),
            called => called.DeclaringType == typeof(IFileStore) && called.Name == "OpenReadAsync");

    [Fact]
    public void Every_reply_to_a_refusal_by_a_rule_contains_the_name_of_the_rule()
    {
        string[] rules = [.. typeof(Replies).GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => field.GetValue(null))
            .OfType<Protocol.FtpReply>().Where(reply => Replies.FindRule(reply) is not null)
            .Select(reply =>
            {
                Assert.Contains($"({Replies.FindRule(reply)})", reply.Text, StringComparison.Ordinal);
                return Replies.FindRule(reply)!;
            }).Distinct().Order(StringComparer.Ordinal)];
        Assert.Equal(
            ["ban.active", "ban.delay", "data.peer", "limit.commands", "limit.connections", "limit.expansion", "limit.failed-logins",
                "limit.sessions", "tls.certificate", "tls.required", "tls.resumption", "upload.unverified"],
            rules);
    }

    private static IEnumerable<MethodBase> GetMethods(Type type)
    {
        const BindingFlags All =
            BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;
        return [.. type.GetMethods(All), .. type.GetConstructors(All)];
    }

    private static Type GetOutermost(Type type) => type.DeclaringType is { } outer ? GetOutermost(outer) : type;

    private static IEnumerable<MethodBase> GetCalledMethods(MethodBase method)
    {
        byte[] code = method.GetMethodBody()?.GetILAsByteArray() ?? [];
        for (int at = 0; at + 5 <= code.Length; at++)
        {
            // call, callvirt; bytes of other instructions rarely look like a call, and then resolve to no method of a store
            if (code[at] is 0x28 or 0x6F && TryResolve(method, BitConverter.ToInt32(code, at + 1)) is { DeclaringType: not null } called)
            {
                yield return called;
            }
        }
    }

    private static MethodBase? TryResolve(MethodBase method, int token)
    {
        try
        {
            return method.Module.ResolveMethod(
                token, method.DeclaringType!.IsGenericType ? method.DeclaringType.GetGenericArguments() : null,
                method.IsGenericMethod ? method.GetGenericArguments() : null);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }
}
