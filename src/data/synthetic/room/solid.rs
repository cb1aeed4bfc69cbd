use super::texture::Texture;
use glam::{DVec2, DVec3};

/// A box that stands upright, and what its faces show.
#[derive(Clone, Debug)]
pub(super) struct Solid {
    centre: DVec3,
    half: DVec3,
    /// Cosine and sine of the turn about the vertical.
    turn: DVec2,
    /// Where the light comes from, in the solid's own frame.
    lamp: DVec3,
    /// Of the lower and the higher end of x, y and z.
    faces: [Texture; 6],
}

/// From where and whereto, in a solid's own frame.
#[derive(Clone, Copy)]
pub(super) struct Ray {
    pub(super) origin: DVec3,
    pub(super) direction: DVec3,
}

/// Width and height of a face of a solid of this size.
pub(super) fn face_size(size: DVec3, face: usize) -> DVec2 {
    match face / 2 {
        0 => DVec2::new(size.y, size.z),
        1 => DVec2::new(size.x, size.z),
        _ => DVec2::new(size.x, size.y),
    }
}

impl Solid {
    pub(super) fn new(centre: DVec3, size: DVec3, turn_rad: f64, lamp: DVec3, faces: [Texture; 6]) -> Self {
        let mut solid = Self { centre, half: size / 2.0, turn: DVec2::from_angle(turn_rad), lamp: DVec3::ZERO, faces };
        solid.lamp = solid.place(lamp);
        solid
    }

    /// A point in the solid's own frame.
    pub(super) fn place(&self, world: DVec3) -> DVec3 {
        self.direction(world - self.centre)
    }

    pub(super) fn direction(&self, world: DVec3) -> DVec3 {
        let DVec2 { x: cos, y: sin } = self.turn;
        DVec3::new(cos * world.x + sin * world.y, cos * world.y - sin * world.x, world.z)
    }

    /// Between which multiples of its direction a ray is within; not where it is none.
    pub(super) fn span(&self, ray: &Ray) -> Option<[f64; 2]> {
        let [near, far] = self.slabs(ray);
        let [enters, leaves] = [near.max_element(), far.min_element()];
        (enters <= leaves).then_some([enters, leaves])
    }

    /// The same for each axis.
    fn slabs(&self, ray: &Ray) -> [DVec3; 2] {
        let ends = [-self.half, self.half].map(|end| (end - ray.origin) / ray.direction);
        [ends[0].min(ends[1]), ends[0].max(ends[1])]
    }

    /// The face at which a ray goes in or, from inside, out.
    pub(super) fn face(&self, ray: &Ray, from_inside: bool) -> usize {
        let [near, far] = self.slabs(ray);
        let axis = if from_inside { far.min_position() } else { near.max_position() };
        2 * axis + usize::from((ray.direction[axis] > 0.0) == from_inside)
    }

    /// How bright a face is where a ray meets it; `pixel` is the edge of what a pixel sees across the ray, and the light is from one lamp and
    /// all around.
    pub(super) fn brightness(&self, ray: &Ray, multiple: f64, face: usize, pixel: f64) -> f64 {
        let point = ray.origin + multiple * ray.direction;
        let from_corner = point + self.half;
        let place = match face / 2 {
            0 => DVec2::new(from_corner.y, 2.0 * self.half.z - from_corner.z),
            1 => DVec2::new(from_corner.x, 2.0 * self.half.z - from_corner.z),
            _ => DVec2::new(from_corner.x, from_corner.y),
        };
        let slant = (ray.direction[face / 2].abs() / ray.direction.length()).max(0.1);
        let to_lamp = self.lamp - point;
        let lit = to_lamp[face / 2].abs() / to_lamp.length() / (1.0 + 0.1 * to_lamp.length_squared());
        self.faces[face].value(place, pixel / slant.sqrt()) * (0.6 + 0.5 * lit)
    }
}
