"""A host whose couriers are processes of the world, so that the real `JobRun` starts, follows and seals them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from foundations_runner.host import Ending, JobRequest, Stream
from tests.archive.faults.simulation.courier import KILLED
from tests.archive.faults.simulation.virtual import Wire
from tests.archive.faults.simulation.world import Crash, Process, World

RunCourier = Callable[[str, Wire], int]


@dataclass
class SimJob:
    """A courier as its driver sees it; where contact is lost the driver takes a live one for dead."""

    world: World
    process: Process
    wire: Wire
    loses_contact: bool = False
    ended: list[int] = field(default_factory=list)

    @property
    def is_over(self) -> bool:
        return bool(self.ended) or self.process.dead

    def output(self) -> Iterator[tuple[Stream, bytes]]:
        read = 0
        patience = self.world.now + (20.0 if self.loses_contact else float("inf"))
        while True:
            while read < len(self.wire.pieces):
                read += 1
                yield "stdout", self.wire.pieces[read - 1]
            if self.is_over or self.world.now >= patience:
                return
            self._listen(read, patience)

    def _listen(self, read: int, patience: float) -> None:
        self.world.pause(patience - self.world.now, lambda: self.is_over or len(self.wire.pieces) > read)

    def wait(self) -> Ending:
        if self.loses_contact:
            return Ending(None, "the host does not answer")
        self.world.pause(float("inf"), lambda: self.is_over)
        return Ending(self.ended[0] if self.ended else KILLED)

    def stop(self) -> None:
        if self.world.process.dead:
            raise Crash
        self.process.signalled = True
        self.world.pause(10.0, lambda: self.is_over)
        if not self.ended:
            self.world.kill(self.process)

    def remove(self) -> None:
        if not self.world.process.dead and not self.is_over and not self.loses_contact:
            self.world.kill(self.process)

    def release(self) -> None:
        pass


@dataclass
class SimHost:
    """Starts a courier as a process of its own."""

    world: World
    run_courier: RunCourier
    skew: float = 0.0
    loses_contact: bool = False

    def prepare(self) -> None:
        self.world.pause()

    def start(self, request: JobRequest) -> SimJob:
        process = self.world.new_process(f"courier {request.job_id}", skew=self.skew)
        process.lag = self.world.random.choice((0.0, 0.0, 2.0))
        process.longest_stall = self.world.process.longest_stall
        job = SimJob(self.world, process, Wire(), self.loses_contact)
        self.world.start(
            process, "main", lambda: job.ended.append(self.run_courier(request.job_id, job.wire)), main=True
        )
        return job
