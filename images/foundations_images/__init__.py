"""What a container is made of: base, requirements, recipe, and the image that comes of them."""

from foundations_images.build import build
from foundations_images.ensure import Base, Image, ensure_image, find_base
from foundations_images.errors import BadRequirement, BaseMissing, BuildFailed, ImageError
from foundations_images.recipe import context, dockerfile
from foundations_images.requirements import Requirements, read_requirements
from foundations_images.settings import BuildSettings, build_settings
from foundations_images.spec import RECIPE, ImageSpec

__all__ = [
    "RECIPE",
    "BadRequirement",
    "Base",
    "BaseMissing",
    "BuildFailed",
    "BuildSettings",
    "Image",
    "ImageError",
    "ImageSpec",
    "Requirements",
    "build",
    "build_settings",
    "context",
    "dockerfile",
    "ensure_image",
    "find_base",
    "read_requirements",
]
