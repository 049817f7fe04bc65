using System.Diagnostics;
using System.Runtime.InteropServices;
using Fts.Bench.Load;

namespace Fts.Bench.Link;

/// <summary>
/// Carries packets from one device to another, each so much later than it came, in their order. Two threads with a ring of bytes between them, in which
/// records lie one behind the other: when it is due, its length, and the packet. Lives as long as the program.
/// </summary>
internal sealed unsafe class DelayLine
{
    /// <summary>Of the ring: 1.3 GB/s for 25 ms. A packet that comes while it is full is dropped, as a router does.</summary>
    private const int Size = 32 << 20;

    private const int Header = 16, LargestPacket = 65536 + 64, Alignment = 16;

    /// <summary>A record's length that says: the next record is at the beginning of the ring.</summary>
    private const int Wrap = -1;

    private readonly int _from, _to;
    private readonly long _delay;
    private readonly byte* _ring = (byte*)NativeMemory.AlignedAlloc(Size, Alignment);

    /// <summary>Bytes ever put into the ring, by the one thread, and taken out, by the other.</summary>
    private long _put, _taken, _lost;

    public DelayLine(int from, int to, TimeSpan delay)
    {
        (_from, _to, _delay) = (from, to, (long)(delay.TotalSeconds * Stopwatch.Frequency));
        new Thread(Receive) { IsBackground = true }.Start();
        new Thread(Deliver) { IsBackground = true }.Start();
    }

    /// <summary>Packets that were dropped.</summary>
    public long Lost => Volatile.Read(ref _lost);

    private void Receive()
    {
        byte* dropped = stackalloc byte[LargestPacket];
        while (true)
        {
            long put = _put;
            int position = (int)(put % Size);
            if (Size - position < Header + LargestPacket)
            {
                // Records are multiples of a header's size, so there is room for one that only says so.
                ((int*)(_ring + position))[2] = Wrap;
                (put, position) = (put + Size - position, 0);
            }

            bool isFull = put + Header + LargestPacket - Volatile.Read(ref _taken) > Size;
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
            Volatile.Write(ref _put, put + Header + ((length + Alignment - 1) & ~(Alignment - 1)));
        }
    }

    private void Deliver()
    {
        while (true)
        {
            if (Volatile.Read(ref _put) == _taken)
            {
                // Whatever comes meanwhile is due later than this is over.
                Sleep(_delay / 4);
                continue;
            }

            byte* record = _ring + (_taken % Size);
            int length = ((int*)record)[2];
            if (length == Wrap)
            {
                Volatile.Write(ref _taken, _taken + Size - (_taken % Size));
                continue;
            }

            long left = *(long*)record - Stopwatch.GetTimestamp();
            if (left > 0)
            {
                Sleep(left);
            }

            // What the other side's kernel does not want, such as packets before the device is up, is lost as on any link.
            _ = Kernel.Write(_to, record + Header, length);
            Volatile.Write(ref _taken, _taken + Header + ((length + Alignment - 1) & ~(Alignment - 1)));
        }
    }

    private static void Sleep(long ticks) => _ = Kernel.Sleep((uint)(ticks * 1_000_000 / Stopwatch.Frequency) + 1);
}
