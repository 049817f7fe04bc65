using System.Diagnostics;
using System.Runtime.InteropServices;
using Fts.Bench.Load;

namespace Fts.Bench.Link;

/// <summary>
/// Forwards packets from one device to another in order, each after a fixed delay. One thread reads packets into a ring buffer, and another
/// writes them when they are due. A record in the ring consists of the due time, the length and the packet. Both threads run until the
/// program ends.
/// </summary>
internal sealed unsafe class DelayLine
{
    /// <summary>
    /// The size of the ring in bytes, enough for 1.3 GB/s during 25 ms. While the ring is full, packets are dropped, as by a router.
    /// </summary>
    private const int Size = 32 << 20;

    private const int Header = 16, LargestPacket = 65536 + 64, Alignment = 16;

    /// <summary>The length in a record that is only a marker: the next record is at the start of the ring.</summary>
    private const int Wrap = -1;

    private readonly int _from, _to;
    private readonly long _delay;
    private readonly byte* _ring = (byte*)NativeMemory.AlignedAlloc(Size, Alignment);

    /// <summary>
    /// The total bytes written to the ring, changed by the receiving thread, and read from it, changed by the delivering thread.
    /// </summary>
    private long _written, _read, _lost;

    public DelayLine(int from, int to, TimeSpan delay)
    {
        (_from, _to, _delay) = (from, to, (long)(delay.TotalSeconds * Stopwatch.Frequency));
        new Thread(Receive) { IsBackground = true }.Start();
        new Thread(Deliver) { IsBackground = true }.Start();
    }

    /// <summary>The number of dropped packets.</summary>
    public long Lost => Volatile.Read(ref _lost);

    private void Receive()
    {
        byte* dropped = stackalloc byte[LargestPacket];
        while (true)
        {
            long written = _written;
            int position = (int)(written % Size);
            if (Size - position < Header + LargestPacket)
            {
                // The length of a record is a multiple of the header length, so there is always space for a marker.
                ((int*)(_ring + position))[2] = Wrap;
                (written, position) = (written + Size - position, 0);
            }

            bool isFull = written + Header + LargestPacket - Volatile.Read(ref _read) > Size;
            byte* record = _ring + position;
            nint length = Kernel.Read(_from, isFull ? dropped : record + Header, LargestPacket);
            if (length < 0)
            {
                return;
            }

            if (isFull)
            {
                Volatile.Write(ref _lost, _lost + 1);
                continue;
            }

            *(long*)record = Stopwatch.GetTimestamp() + _delay;
            ((int*)record)[2] = (int)length;
            Volatile.Write(ref _written, written + Header + ((length + Alignment - 1) & ~(Alignment - 1)));
        }
    }

    private void Deliver()
    {
        while (true)
        {
            if (Volatile.Read(ref _written) == _read)
            {
                // A packet that arrives during this sleep is due after it.
                Sleep(_delay / 4);
                continue;
            }

            byte* record = _ring + (_read % Size);
            int length = ((int*)record)[2];
            if (length == Wrap)
            {
                Volatile.Write(ref _read, _read + Size - (_read % Size));
                continue;
            }

            long remaining = *(long*)record - Stopwatch.GetTimestamp();
            if (remaining > 0)
            {
                Sleep(remaining);
            }

            // Packets that the receiving kernel rejects, for example before the device is up, are lost as on any link.
            _ = Kernel.Write(_to, record + Header, length);
            Volatile.Write(ref _read, _read + Header + ((length + Alignment - 1) & ~(Alignment - 1)));
        }
    }

    private static void Sleep(long ticks) => _ = Kernel.Sleep((uint)(ticks * 1_000_000 / Stopwatch.Frequency) + 1);
}
