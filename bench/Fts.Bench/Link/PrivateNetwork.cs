using System.Diagnostics;
using System.Globalization;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using Fts.Bench.Load;

namespace Fts.Bench.Link;

/// <summary>
/// A network namespace without a name, which ends with the last process in it, and its one way out: a TUN device, whose packets this program
/// reads and writes. The device ends with the program.
/// </summary>
internal sealed unsafe class PrivateNetwork
{
    private const int NewNetwork = 0x40000000, ReadWrite = 2;

    private const nuint SetDevice = 0x400454ca, SetOffload = 0x400454d0;

    /// <summary>IFF_TUN, IFF_NO_PI and IFF_VNET_HDR: whole IP packets, each behind the ten bytes that tell what is left to do to it.</summary>
    private const short DeviceKind = 0x0001 | 0x1000 | 0x4000;

    /// <summary>TUN_F_CSUM, TUN_F_TSO4 and TUN_F_TSO6: many segments may come as one packet, as they do to a network card, for a packet each would cost a processor.</summary>
    private const nint Offloads = 1 | 2 | 4;

    private const string DeviceName = "long0";

    private readonly int _namespace;

    /// <exception cref="LoadException">This machine, or this user, cannot have it.</exception>
    public PrivateNetwork(string address) => (_namespace, Device) = OnThread(() =>
    {
        Check(Kernel.Unshare(NewNetwork), "a network namespace (root makes one)");
        int own = Check(Kernel.Open("/proc/thread-self/ns/net", Kernel.CloseOnExec), "the network namespace");
        int device = OpenDevice();
        Ip("link", "set", "lo", "up");
        Ip("address", "add", address + "/24", "dev", DeviceName);
        // A queue for as much as can be under way: losing packets is for links that are measured for it.
        Ip("link", "set", DeviceName, "txqueuelen", "10000", "up");
        // What one connection found out about the link is not for the next: every client meets it anew.
        File.WriteAllText("/proc/sys/net/ipv4/tcp_no_metrics_save", "1");
        return (own, device);
    });

    /// <summary>Descriptor of the device.</summary>
    public int Device { get; }

    /// <summary>How many packets found the device's queue full.</summary>
    public long ReadDropped() => Run(() =>
    {
        // Behind the name: 8 numbers of what was received, then bytes, packets, errors and drops of what was sent.
        string line = File.ReadLines("/proc/thread-self/net/dev").First(line => line.Contains(DeviceName, StringComparison.Ordinal));
        return long.Parse(line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[11], CultureInfo.InvariantCulture);
    });

    public T Run<T>(Func<T> work) => OnThread(() =>
    {
        Check(Kernel.Enter(_namespace, NewNetwork), "entering the network namespace");
        return work();
    });

    /// <summary>A thread is in one namespace, and so are the processes it starts. This one ends with what it did, so that no other work gets there.</summary>
    private static T OnThread<T>(Func<T> work)
    {
        T result = default!;
        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                result = work();
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
        });
        thread.Start();
        thread.Join();
        failure?.Throw();
        return result;
    }

    private static int OpenDevice()
    {
        int device = Check(Kernel.Open("/dev/net/tun", ReadWrite | Kernel.CloseOnExec), "/dev/net/tun");
        // struct ifreq: 16 bytes of name, then the flags.
        byte* request = stackalloc byte[40];
        new Span<byte>(request, 40).Clear();
        System.Text.Encoding.ASCII.GetBytes(DeviceName, new Span<byte>(request, 15));
        *(short*)(request + 16) = DeviceKind;
        Check(Kernel.Control(device, SetDevice, request), "a TUN device");
        Check(Kernel.Control(device, SetOffload, (void*)Offloads), "offloads of a TUN device");
        return device;
    }

    private static void Ip(params string[] arguments)
    {
        try
        {
            using var ip = Process.Start(new ProcessStartInfo("ip", arguments) { RedirectStandardError = true })!;
            string complaint = ip.StandardError.ReadToEnd().Trim();
            ip.WaitForExit();
            if (ip.ExitCode != 0)
            {
                throw new LoadException($"no long link: ip {string.Join(' ', arguments)}: {complaint}");
            }
        }
        catch (System.ComponentModel.Win32Exception)
        {
            throw new LoadException("no long link: ip (iproute2) is not installed");
        }
    }

    private static int Check(int result, string what) =>
        result >= 0 ? result : throw new LoadException($"no long link: {what}: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");
}
