"""The guest as a process: qemu without KVM, three disks, a serial console, no network.

Its own disk is never written (a snapshot takes the writes and vanishes), so every run starts alike.
"""

import ctypes
import os
import signal
import subprocess
import time

PR_SET_PDEATHSIG = 1
BOOT_SECONDS = 240
MARK = "[guest] "  # Begins a line of ours on the console.


class Machine:
    def __init__(self, image, payload, results, work, shell=False):
        self.console = work / "console.txt"
        self.console.unlink(missing_ok=True)
        self.up = False
        self.position = 0
        arguments = ["root=/dev/vda", "rw", "console=ttyS0", "psi=1", "panic=-1", "loglevel=4"]
        arguments += ["apparmor=0"]  # Docker wants its compiler of profiles otherwise.
        # An emulated processor has no holes to cover up, and its time stamps agree: without these two a run takes
        # a quarter more processor time, and each look at the clock is a system call and an access to a device.
        arguments += ["mitigations=off", "tsc=reliable"]
        arguments += ["systemd.show_status=no", "plimsoll.shell" if shell else "systemd.mask=serial-getty@ttyS0.service"]
        command = ["qemu-system-x86_64", "-nodefaults", "-display", "none", "-no-reboot"]
        command += ["-machine", "pc", "-accel", "tcg,thread=multi", "-smp", "2", "-m", "2048"]
        command += ["-device", "virtio-rng-pci", "-nic", "none"]
        command += ["-kernel", image.kernel, "-initrd", image.initramfs, "-append", " ".join(arguments)]
        command += ["-serial", "mon:stdio" if shell else f"file:{self.console}"]
        command += self.disk("system", image.disk, "snapshot=on")  # /dev/vda
        command += self.disk("payload", payload, "readonly=on") + self.disk("results", results)
        self.log = open(work / "qemu.txt", "w+", encoding="utf-8", errors="replace")
        streams = {} if shell else {"stdin": subprocess.DEVNULL, "stdout": self.log, "stderr": self.log}
        # The snapshot is a file in TMPDIR that has no name any more.
        environment = {**os.environ, "TMPDIR": str(work)}
        self.started = time.monotonic()
        self.process = subprocess.Popen(command, env=environment, preexec_fn=self.prepare, **streams)

    @staticmethod
    def disk(serial, path, option="readonly=off"):
        drive = f"file={path},format=raw,if=none,id={serial},cache=unsafe,{option}"
        return ["-drive", drive, "-device", f"virtio-blk-pci,drive={serial},serial={serial}"]

    @staticmethod
    def prepare():
        # It must not outlive us, however we end, and leaves the processors to others.
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        os.nice(10)

    def new_lines(self):
        """Our complete lines since the last call, without the mark."""
        if not self.console.exists():
            return []
        with open(self.console, "rb") as file:
            file.seek(self.position)
            text = file.read()
        text = text[: text.rfind(b"\n") + 1]
        self.position += len(text)
        lines = text.decode(errors="replace").splitlines()
        return [line.split(MARK, 1)[1] for line in lines if MARK in line]

    def follow(self, seconds, say):
        """Passes our lines on until the machine ends; why it did not end by itself, or None."""
        while True:
            ended = self.process.poll() is not None
            for line in self.new_lines():
                self.up = True
                say(f"{time.monotonic() - self.started:5.0f} s  {line}")
            if ended:
                return None if self.up else f"it never came up:\n{self.last_words()}"
            passed = time.monotonic() - self.started
            if not self.up and passed > BOOT_SECONDS:
                return f"it did not come up in {BOOT_SECONDS} s:\n{self.last_words()}"
            if passed > seconds:
                return f"it did not end in {seconds} s:\n{self.last_words()}"
            time.sleep(0.5)

    def last_words(self, lines=40):
        """The end of the console, and what qemu had to say."""
        console = self.console.read_text(encoding="utf-8", errors="replace") if self.console.exists() else ""
        self.log.seek(0)
        return "\n".join(console.splitlines()[-lines:] + self.log.read().splitlines()[-lines:])

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.log.close()
