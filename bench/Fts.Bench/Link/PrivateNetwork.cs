using System.Diagnostics;
using System.Globalization;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using Fts.Bench.Load;

namespace Fts.Bench.Link;

/// <summary>
/// An unnamed network namespace, which the kernel removes after the last process in it ended. Its only interface is a TUN device, whose
/// packets this program reads and writes. The device is removed when the program ends.
/// </summary>
internal sealed unsafe class PrivateNetwork
{
    private const int NewNetwork = 0x40000000, ReadWrite = 2;

    private const nuint SetDevice = 0x400454ca, SetOffload = 0x400454d0;

    /// <summary>
    /// IFF_TUN, IFF_NO_PI and IFF_VNET_HDR: IP packets, each after a virtio header of ten bytes that describes the pending offloads.
    /// </summary>
    private const short DeviceKind = 0x0001 | 0x1000 | 0x4000;

    /// <summary>
    /// TUN_F_CSUM, TUN_F_TSO4 and TUN_F_TSO6: many segments may be one packet, as for a network card. Single segments would use a whole
    /// processor.
    /// </summary>
    private const nint Offloads = 1 | 2 | 4;

    private const string DeviceName = "long0";

    private readonly int _namespace;

    /// <summary>Creates the namespace and the device.</summary>
    /// <exception cref="MeasurementException">The machine does not support it, or the program does not run as root.</exception>
    public PrivateNetwork(string address) => (_namespace, Device) = OnThread(() =>
    {
        Check(Kernel.Unshare(NewNetwork), "creating a network namespace (requires root)");
        int own = Check(Kernel.Open("/proc/thread-self/ns/net", Kernel.CloseOnExec), "opening the network namespace");
        int device = OpenDevice();
        Ip("link", "set", "lo", "up");
        Ip("address", "add", address + "/24", "dev", DeviceName);
        // The queue holds all packets in flight, because this link must not lose packets.
        Ip("link", "set", DeviceName, "txqueuelen", "10000", "up");
        // The kernel must not reuse the metrics of one connection for the next: every client starts without them.
        File.WriteAllText("/proc/sys/net/ipv4/tcp_no_metrics_save", "1");
        return (own, device);
    });

    /// <summary>The file descriptor of the device.</summary>
    public int Device { get; }

    /// <summary>Returns the number of packets that were dropped because the queue of the device was full.</summary>
    public long ReadDropped() => Run(() =>
    {
        // After the name are 8 numbers for received packets, then bytes, packets, errors and drops of sent packets.
        string line = File.ReadLines("/proc/thread-self/net/dev").First(line => line.Contains(DeviceName, StringComparison.Ordinal));
        string[] fields = line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return long.Parse(fields[11], CultureInfo.InvariantCulture);
    });

    public T Run<T>(Func<T> work) => OnThread(() =>
    {
        Check(Kernel.SetNamespace(_namespace, NewNetwork), "entering the network namespace");
        return work();
    });

    /// <summary>
    /// Runs work on a new thread, because a namespace belongs to a thread. The thread is not reused, so no other work runs in the
    /// namespace.
    /// </summary>
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
        int device = Check(Kernel.Open("/dev/net/tun", ReadWrite | Kernel.CloseOnExec), "opening /dev/net/tun");
        // struct ifreq: 16 bytes of name, then the flags.
        byte* request = stackalloc byte[40];
        new Span<byte>(request, 40).Clear();
        System.Text.Encoding.ASCII.GetBytes(DeviceName, new Span<byte>(request, 15));
        *(short*)(request + 16) = DeviceKind;
        Check(Kernel.Control(device, SetDevice, request), "creating a TUN device");
        Check(Kernel.Control(device, SetOffload, (void*)Offloads), "setting the offloads of a TUN device");
        return device;
    }

    private static void Ip(params string[] arguments)
    {
        try
        {
            using var ip = Process.Start(new ProcessStartInfo("ip", arguments) { RedirectStandardError = true })!;
            string error = ip.StandardError.ReadToEnd().Trim();
            ip.WaitForExit();
            if (ip.ExitCode != 0)
            {
                throw new MeasurementException($"cannot create the long link: ip {string.Join(' ', arguments)}: {error}");
            }
        }
        catch (System.ComponentModel.Win32Exception)
        {
            throw new MeasurementException("cannot create the long link: ip (iproute2) is not installed");
        }
    }

    private static int Check(int result, string action) => result >= 0
        ? result
        : throw new MeasurementException(
            $"cannot create the long link: {action}: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");
}
