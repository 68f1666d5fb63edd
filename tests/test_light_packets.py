"""Packets of light protocols: golden bytes, each written out from the standard named beside it."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beatomizer.outputs.lights import artnet_packets, ddp_packets, osc_packets, sacn_packets, wled_packets

CID = bytes(range(16))


def test_sacn_data_packet_is_that_of_e131_table_4_1() -> None:
    packet = sacn_packets.data_packet(
        CID, "Bühne", 0x1234, bytes([9, 8]), sequence=7, priority=150, sync=0x0203
    )
    assert (
        packet
        == bytes.fromhex(
            "0010 0000 4153432d45312e3137000000"  # preamble, postamble, "ASC-E1.17"
            "7070 00000004 000102030405060708090a0b0c0d0e0f"  # root: 128 − 16 = 112 bytes, VECTOR_ROOT_E131_DATA, CID
            "705a 00000002"  # framing: 128 − 38 = 90 bytes, VECTOR_E131_DATA_PACKET
            "42c3bc686e65"
            + 58
            * "00"
            + "96 0203 07 00 1234"  # name, priority, sync, sequence, options, universe
            "700d 02 a1 0000 0001 0003 00 0908"  # DMP: 128 − 115 = 13 bytes, addresses, 3 values, start code, slots
        )
    )


def test_a_full_sacn_packet_has_638_bytes_and_the_standards_lengths() -> None:
    packet = sacn_packets.data_packet(CID, "x", 1, bytes(512), sequence=0)
    assert len(packet) == 638
    assert packet[16:18] == bytes.fromhex("726e")  # the values that E1.31 gives for 512 slots
    assert packet[38:40] == bytes.fromhex("7258")
    assert packet[115:117] == bytes.fromhex("720b")
    assert packet[123:125] == bytes.fromhex("0201")


def test_sacn_termination_is_bit_6() -> None:
    plain = sacn_packets.data_packet(CID, "x", 1, bytes(512), sequence=3)
    ended = sacn_packets.data_packet(CID, "x", 1, bytes(512), sequence=3, terminated=True)
    assert [at for at in range(638) if plain[at] != ended[at]] == [sacn_packets.OPTIONS_AT]
    assert ended[sacn_packets.OPTIONS_AT] == 0x40
    assert sacn_packets.OPTIONS_AT == 112
    assert sacn_packets.SEQUENCE_AT == 111


def test_sacn_sync_packet_is_that_of_table_4_2() -> None:
    assert sacn_packets.sync_packet(CID, 7962, 5) == bytes.fromhex(
        "0010 0000 4153432d45312e3137000000 7021 00000008 000102030405060708090a0b0c0d0e0f"
        "700b 00000001 05 1f1a 0000"
    )


def test_sacn_discovery_packet_is_that_of_table_4_3_and_reads_back() -> None:
    (packet,) = sacn_packets.discovery_packets(CID, "desk", (5, 1))
    assert packet == bytes.fromhex(
        "0010 0000 4153432d45312e3137000000 706c 00000008 000102030405060708090a0b0c0d0e0f"
        "7056 00000002 6465736b" + 60 * "00" + "00000000 700c 00000001 00 00 0001 0005"
    )
    assert sacn_packets.discovered(packet) == ("desk", (1, 5))
    assert sacn_packets.discovered(packet[:100]) is None


def test_sacn_discovery_pages_hold_512_universes() -> None:
    pages = sacn_packets.discovery_packets(CID, "desk", tuple(range(1, 1026)))
    assert [(page[118], page[119], (len(page) - 120) // 2) for page in pages] == [
        (0, 2, 512),
        (1, 2, 512),
        (2, 2, 1),
    ]


@pytest.mark.parametrize(
    ("universe", "group"), [(1, "239.255.0.1"), (256, "239.255.1.0"), (63999, "239.255.249.255")]
)
def test_sacn_multicast_groups(universe: int, group: str) -> None:
    assert sacn_packets.multicast_address(universe) == group
    assert sacn_packets.multicast_address(sacn_packets.DISCOVERY_UNIVERSE) == "239.255.250.214"


@given(st.text())
def test_sacn_names_fit_and_are_text(name: str) -> None:
    cut = sacn_packets.source_name(name)
    assert len(cut) <= 63
    assert name.startswith(cut.decode("utf-8"))


def test_artnet_dmx_is_that_of_the_specification() -> None:
    assert artnet_packets.dmx_packet(0x0123, bytes([1, 2, 3]), 255) == bytes.fromhex(
        "4172742d4e657400 0050 000e ff 00 23 01 0004 01020300"  # Length even: one slot more
    )
    assert artnet_packets.poll_packet() == bytes.fromhex("4172742d4e657400 0020 000e 02 00")
    assert artnet_packets.sync_packet() == bytes.fromhex("4172742d4e657400 0052 000e 00 00")


def test_artnet_sequence_never_is_0() -> None:
    seen, sequence = list[int](), 0
    for _ in range(600):
        sequence = artnet_packets.next_sequence(sequence)
        seen.append(sequence)
    assert seen[:3] == [1, 2, 3]
    assert seen[253:257] == [254, 255, 1, 2]
    assert 0 not in seen


def artnet_reply(outputs: tuple[int, ...] = (1, 2), net: int = 3, sub: int = 4) -> bytes:
    """An ArtPollReply, field by field."""
    ports = len(outputs)
    reply = b"Art-Net\0" + struct.pack("<H", 0x2100) + bytes([10, 0, 0, 7]) + struct.pack("<H", 6454)
    reply += bytes([0, 1, net, sub, 0, 0, 0, 0]) + struct.pack("<H", 0)
    reply += b"par can".ljust(18, b"\0") + b"the long name".ljust(64, b"\0") + bytes(64)
    reply += struct.pack(">H", ports) + bytes([0x80] * ports + [0] * (4 - ports)) + bytes(8)
    reply += bytes(4) + bytes([*outputs, *[0] * (4 - ports)])
    return reply + bytes(239 - len(reply))


def test_artnet_reply_is_read() -> None:
    node = artnet_packets.node_of(artnet_reply(), "10.0.0.9")
    assert node == artnet_packets.Node("10.0.0.7", "the long name", (0x341, 0x342))


@given(st.binary(max_size=300))
def test_replies_of_any_bytes_are_none_or_nodes(data: bytes) -> None:
    artnet_packets.node_of(data, "10.0.0.9")
    artnet_packets.node_of(artnet_reply()[:10] + data, "10.0.0.9")
    sacn_packets.discovered(data)


def test_ddp_pushes_on_the_last_packet_only() -> None:
    data = bytes(range(250)) * 12  # 3000 bytes: 1440 + 1440 + 120
    packets, after = ddp_packets.frame_packets(data, 14)
    assert [packet[:10].hex(" ") for packet in packets] == [
        "40 0e 0b 01 00 00 00 00 05 a0",
        "40 0f 0b 01 00 00 05 a0 05 a0",
        "41 01 0b 01 00 00 0b 40 00 78",
    ]
    assert b"".join(packet[10:] for packet in packets) == data
    assert after == 2


@given(st.integers(1, 5000), st.integers(1, 15))
def test_ddp_frames_come_together_again_under_wleds_rules(pixels: int, sequence: int) -> None:
    data = bytes(value % 251 for value in range(3 * pixels))
    packets, after = ddp_packets.frame_packets(data, sequence)
    assert read_ddp(packets) == [data]
    assert after == (sequence - 1 + len(packets)) % 15 + 1


def read_ddp(packets: list[bytes]) -> list[bytes]:
    """The frames that a strict display shows: WLED's checks, and those of the DDP text that WLED leaves out."""
    frames, picture, last = list[bytes](), bytearray(), 0
    for packet in packets:
        flags, sequence, kind, target, offset, length = struct.unpack(">BBBBIH", packet[:10])
        assert flags & 0xC0 == 0x40, "version 1"
        assert not flags & 0x3E, "no timecode, storage, reply or query"
        assert 1 <= sequence <= 15
        assert not last or sequence == last % 15 + 1
        last = sequence
        assert kind == 0x0B
        assert target == 1
        assert length == len(packet) - 10 <= 1440
        assert length % 3 == 0
        assert offset == len(picture), "in order, no gap"
        picture += packet[10:]
        if flags & 1:
            frames.append(bytes(picture))
            picture = bytearray()
    assert not picture, "the last packet pushes"
    return frames


def test_wled_realtime_packets() -> None:
    assert wled_packets.realtime_packets(bytes([1, 2, 3]), 2) == [bytes([2, 2, 1, 2, 3])]
    many = bytes(value % 251 for value in range(3 * 1000))
    packets = wled_packets.realtime_packets(many, 2)
    assert [(p[0], p[1], p[2] << 8 | p[3], len(p) - 4) for p in packets] == [
        (4, 2, 0, 1467),
        (4, 2, 489, 1467),
        (4, 2, 978, 66),
    ]
    assert b"".join(packet[4:] for packet in packets) == many
    assert wled_packets.leave_packet() == bytes([2, 0])


def test_wled_sync_packet_is_the_struct_of_audio_sync_v2() -> None:
    packet = wled_packets.sync_packet(1.0, 2.0, True, tuple(range(16)), 3.0, 440.0)
    assert packet == bytes.fromhex(
        "3030303032 00 0000 0000803f 00000040 01 00 000102030405060708090a0b0c0d0e0f 0000 00004040 0000dc43"
    )
    assert len(packet) == 44


def test_osc_is_that_of_the_specification() -> None:
    """The examples of "OSC Message Examples", and a bundle."""
    assert osc_packets.message("/oscillator/4/frequency", 440.0) == bytes.fromhex(
        "2f6f7363 696c6c61 746f722f 342f6672 65717565 6e637900 2c660000 43dc0000"
    )
    assert osc_packets.message("/foo", 1000, -1, "hello", 1.234, 5.678) == bytes.fromhex(
        "2f666f6f 00000000 2c696973 66660000 000003e8 ffffffff 68656c6c 6f000000 3f9df3b6 40b5b22d"
    )
    one = osc_packets.message("/a", 1)
    assert osc_packets.bundle([one]) == b"#bundle\0" + bytes(7) + b"\x01" + struct.pack(">i", len(one)) + one
