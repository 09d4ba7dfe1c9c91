"""The type of all events of a run."""

from engine.protocol.arms import (
    ArmFinished,
    ArmStarted,
    ArmSuspended,
    CompileChosen,
    Compiled,
    Diverged,
    EpochDone,
    TrainStep,
)
from engine.protocol.checkpoints import (
    CheckpointDamaged,
    CheckpointFailed,
    CheckpointSaved,
    CheckpointSent,
    RestorePoints,
    Rewound,
)
from engine.protocol.effects import (
    CommandRefused,
    EpochsChanged,
    GroupFrozen,
    LabelCorrected,
    MicroBatchChanged,
    Paused,
    RateChanged,
    RatesSwept,
    Resumed,
    StepsChanged,
    StopPlanned,
    SweepingRates,
)
from engine.protocol.pictures import ImageSkipped, LoaderStuck, PicturesNoted, PicturesPrepared, Preparing
from engine.protocol.run import (
    HookFailed,
    JournalFailed,
    Loading,
    RankSilent,
    RunFailed,
    RunFinished,
    RunStarted,
    SettingsChanged,
    SystemSample,
    TimeLimited,
)
from engine.protocol.scores import (
    AverageScored,
    BestTested,
    Confusion,
    EvalDone,
    Evaluating,
    HeadFitted,
    Suspects,
)
from engine.protocol.watching import (
    ControlFailed,
    FolderAwaited,
    HistoryBegins,
    HistoryEnds,
    PeerRefused,
    RecordedAt,
    Watching,
)

Event = (
    Loading
    | RunStarted
    | SettingsChanged
    | ArmStarted
    | TrainStep
    | Evaluating
    | EvalDone
    | HeadFitted
    | AverageScored
    | BestTested
    | Confusion
    | EpochDone
    | CompileChosen
    | Compiled
    | Preparing
    | PicturesNoted
    | PicturesPrepared
    | ImageSkipped
    | CheckpointSaved
    | CheckpointFailed
    | CheckpointSent
    | RestorePoints
    | Rewound
    | CheckpointDamaged
    | JournalFailed
    | HookFailed
    | Paused
    | Resumed
    | RateChanged
    | SweepingRates
    | RatesSwept
    | GroupFrozen
    | EpochsChanged
    | StepsChanged
    | MicroBatchChanged
    | StopPlanned
    | Diverged
    | LoaderStuck
    | ArmSuspended
    | ArmFinished
    | CommandRefused
    | RunFinished
    | RunFailed
    | RankSilent
    | SystemSample
    | HistoryBegins
    | HistoryEnds
    | RecordedAt
    | Watching
    | PeerRefused
    | ControlFailed
    | FolderAwaited
    | LabelCorrected
    | Suspects
    | TimeLimited
)
