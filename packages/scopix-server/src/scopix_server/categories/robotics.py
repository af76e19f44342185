"""Scenes for robots: curation of data sets for machine learning."""

from scopix_server.categories.category import Category, instructions
from scopix_server.categories.schema import records, schema_of, text, texts

__all__ = ["CATEGORY"]

_PROMPT = """
The image is a scene that a robot is to perceive and act in; the description goes into a data set. Name the objects that
can be handled, the surfaces they stand on, the room between them and what is in the way.
- object_affordances: each object that can be recognised, with what can be done to it (such as "graspable", "openable",
  "pourable", "pushable", "stackable"). Only what its visible form allows.
- grasp_strategies: for an object that can be grasped, how: kind of grasp (pinch, power, suction, two-handed), where to
  take hold, from which side. Leave out objects whose form or surface cannot be seen well enough.
- spatial_relationships: subject, relation and object, from the camera's view, such as mug / "left of" / plate.
- perception_challenges: what makes the scene hard to perceive: transparent or shining surfaces, occlusion, clutter,
  motion blur, low light, missing texture. Only what is there.
"""

CATEGORY = Category(
    name="robotics",
    title="Robotics scene",
    prompt=instructions(_PROMPT),
    schema=schema_of(
        {
            "object_affordances": records(
                "Objects and what can be done to them.",
                {
                    "object": text("The object.", longest=80),
                    "affordances": texts("What can be done to it.", most=10, longest=60),
                },
            ),
            "grasp_strategies": records(
                "How objects can be grasped.",
                {
                    "object": text("The object.", longest=80),
                    "strategy": text("Kind of grasp, where and from which side."),
                },
            ),
            "spatial_relationships": records(
                "How objects lie to each other, from the camera's view.",
                {
                    "subject": text("The one object.", longest=80),
                    "relation": text('The relation, such as "left of".', longest=60),
                    "object": text("The other object.", longest=80),
                },
            ),
            "perception_challenges": texts("What makes the scene hard to perceive.", most=20),
        }
    ),
)
